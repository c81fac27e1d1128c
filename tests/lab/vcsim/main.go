// SPDX-License-Identifier: Apache-2.0

// vcsim serves the vCenter simulator of the govmomi release that go.mod pins. The release's own program of that name is
// not published as a module of its own version, so this file is its command line, cut down to what the tests use; what
// answers requests is the release's package "simulator", but for commands of hosts that it doesn't know: see esxcli.go.
package main

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/vmware/govmomi/simulator"
)

var (
	method   = regexp.MustCompile(`Body>\s*<(\w+)`)
	password = regexp.MustCompile(`<password>[^<]*`)
)

// delayed serves each request that much later, as a server does that is far away.
func delayed(next http.Handler, delay time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(delay)
		next.ServeHTTP(w, r)
	})
}

// logged writes each request as a line of JSON, as fault_server.py does.
func logged(next http.Handler, path string) (http.Handler, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		name := r.Method
		if m := method.FindSubmatch(body); m != nil {
			name = string(m[1])
		}
		line, _ := json.Marshal(map[string]string{
			"method": name, "body": string(password.ReplaceAll(body, []byte("<password>")))})
		file.Write(append(line, '\n'))
		next.ServeHTTP(w, r)
	}), nil
}

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
	delay := flag.Duration("delay", 0, "serve each request that much later")
	program := flag.String("esxcli", "", "run this command, followed by a host's name and words of esxcli, for what esxcli answers "+
		"there; default: answers from the inventory, of a network that carries what its adapters are set to")
	refused := flag.String("esxcli-refuse", "", "a glob: on hosts of these names nobody may run esxcli")
	requests := flag.String("log", "", "append each request to this file, as a line of JSON without passwords")
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
	model.ServiceContent.VmProvisioningChecker = nil // it would be named, but none of its methods is served
	fill := model.Create
	if *load != "" {
		fill = func() error { return model.Load(*load) }
	}
	if err := fill(); err != nil {
		log.Fatal(err)
	}
	defer model.Remove()
	cli := &esxcli{program: strings.Fields(*program), refused: *refused, estate: newEstate(model.Map())}
	cli.register(model.Service.Context)

	pair, err := tls.LoadX509KeyPair(*cert, *key)
	if err != nil {
		log.Fatal(err)
	}
	model.Service.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	model.Service.Listen = &url.URL{Host: *listen, User: url.UserPassword(*username, os.Getenv("VCSIM_PASSWORD"))}
	server := model.Service.NewServer()
	defer server.Close()
	if *delay > 0 {
		server.Config.Handler = delayed(server.Config.Handler, *delay)
	}
	if *requests != "" {
		if server.Config.Handler, err = logged(server.Config.Handler, *requests); err != nil {
			log.Fatal(err)
		}
	}

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	fmt.Printf("https://%s\n", server.URL.Host)
	<-stop
}
