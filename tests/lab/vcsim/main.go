// SPDX-License-Identifier: Apache-2.0

// vcsim serves the vCenter simulator of the govmomi release that go.mod pins. The release's own program of that name is
// not published as a module of its own version, so this file is its command line, cut down to what the tests use; all that
// answers a request is the release's package "simulator".
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"log"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"github.com/vmware/govmomi/simulator"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("vcsim: ")

	vpx := simulator.VPX()
	listen := flag.String("l", "127.0.0.1:0", "listen address; port 0 takes a free one")
	esx := flag.Bool("esx", false, "simulate a standalone ESXi host")
	load := flag.String("load", "", "serve the saved inventory in this folder")
	api := flag.String("api-version", "", "version of the API to claim, instead of the model's own")
	username := flag.String("username", "user", "the only user who may log in")
	cert := flag.String("tlscert", "", "certificate chain, PEM")
	key := flag.String("tlskey", "", "its private key, PEM")
	flag.IntVar(&vpx.Cluster, "cluster", vpx.Cluster, "built-in model: clusters")
	flag.IntVar(&vpx.ClusterHost, "host", vpx.ClusterHost, "built-in model: hosts per cluster")
	flag.IntVar(&vpx.Host, "standalone-host", vpx.Host, "built-in model: hosts outside clusters")
	flag.IntVar(&vpx.Machine, "vm", vpx.Machine, "built-in model: VMs per resource pool")
	flag.Parse()

	model := vpx
	if *esx {
		model = simulator.ESX()
	}
	if *api != "" {
		model.ServiceContent.About.ApiVersion = *api
	}
	fill := model.Create
	if *load != "" {
		fill = func() error { return model.Load(*load) }
	}
	if err := fill(); err != nil {
		log.Fatal(err)
	}
	defer model.Remove()

	pair, err := tls.LoadX509KeyPair(*cert, *key)
	if err != nil {
		log.Fatal(err)
	}
	model.Service.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	model.Service.Listen = &url.URL{Host: *listen, User: url.UserPassword(*username, os.Getenv("VCSIM_PASSWORD"))}
	server := model.Service.NewServer()
	defer server.Close()

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	fmt.Printf("https://%s\n", server.URL.Host)
	<-stop
}
