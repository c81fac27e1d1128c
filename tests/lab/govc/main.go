// SPDX-License-Identifier: Apache-2.0

// govc reads inventories for comparison with what migready reads. The release's own program of that name is not published as
// a module of its own version, so this file starts the release's package "cli" with the commands that the tests use.
package main

import (
	"os"

	"github.com/vmware/govmomi/cli"
	_ "github.com/vmware/govmomi/cli/about"
	_ "github.com/vmware/govmomi/cli/host"
	_ "github.com/vmware/govmomi/cli/host/esxcli"
	_ "github.com/vmware/govmomi/cli/object"
	_ "github.com/vmware/govmomi/cli/vm"
)

func main() {
	os.Exit(cli.Run(os.Args[1:]))
}
