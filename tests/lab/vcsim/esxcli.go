// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/xml"
	"path"
	"reflect"
	"strings"

	"github.com/vmware/govmomi/cli/esx"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// esxcli answers what the simulator's own executer doesn't know: commands of hosts, through ExecuteSoap. The answers come
// from the inventory (esxcli_healthy.go), or from a program (esxcli_program.go). Both give what `esxcli --formatter=xml`
// prints, which becomes the API's shape here.
type esxcli struct {
	program []string // with its first arguments; none: from the inventory
	refused string   // a glob of names of hosts that nobody may run esxcli on
	estate  *estate
}

// output is an answer or, when failure is set, esxcli's words in place of one.
type output struct {
	answer  element
	failure string
	unknown bool // there is no such command
}

// call is one command of one host.
type call struct {
	host    *simulator.HostSystem
	words   []string // "network", "diag", "ping"
	names   []string // of the options, in the order of the request
	options map[string][]string
}

func (c *call) option(name string) string {
	if v := c.options[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// executer takes the place of the simulator's own one of a host, which still answers what isn't known here.
type executer struct {
	types.ManagedObjectReference
	cli  *esxcli
	host *simulator.HostSystem
	own  mo.Reference
}

// No two commands wait for one another.
func (*executer) Lock()   {}
func (*executer) Unlock() {}

const commands = "vim.EsxCLI."

// register makes the simulator use our executers. It makes its own one of a host when it is first asked for one, by a
// request whose type is internal to its module.
func (e *esxcli) register(ctx *simulator.Context) {
	for _, entity := range ctx.Map.All("HostSystem") {
		host := entity.(*simulator.HostSystem)
		retrieve := reflect.ValueOf(host).MethodByName("RetrieveManagedMethodExecuter")
		retrieve.Call([]reflect.Value{reflect.ValueOf(ctx), reflect.Zero(retrieve.Type().In(1))})
		ref := types.ManagedObjectReference{Type: "ManagedMethodExecuter", Value: host.Self.Value}
		ctx.Map.Put(&executer{ref, e, host, ctx.Map.Get(ref)})
	}
}

func (e *esxcli) knows(name string, options map[string][]string) bool {
	if name == "vim.CLIInfo.FetchCLIInfo" && len(options["typeName"]) > 0 {
		_, ok := infos[strings.TrimPrefix(options["typeName"][0], commands)]
		return ok
	}
	command, ok := strings.CutPrefix(name, commands)
	if !ok || len(e.program) > 0 {
		return ok
	}
	_, ok = healthy[command]
	return ok
}

// readRequest takes the request apart; its type is internal to the simulator's module.
func readRequest(body any) (name string, names []string, options map[string][]string) {
	request := reflect.ValueOf(body).Elem()
	arguments := request.FieldByName("Argument")
	options = map[string][]string{}
	for i := 0; i < arguments.Len(); i++ {
		var values struct {
			Values []string `xml:",any"`
		}
		argument := arguments.Index(i)
		key := argument.FieldByName("Name").String()
		xml.Unmarshal([]byte("<a>"+argument.FieldByName("Val").String()+"</a>"), &values)
		names = append(names, key)
		options[key] = values.Values
	}
	return request.FieldByName("Method").String(), names, options
}

type soapResult struct {
	Response string     `xml:"response,omitempty"`
	Fault    *soapFault `xml:"fault,omitempty"`
}

type soapFault struct {
	Message string `xml:"faultMsg"`
	Detail  string `xml:"faultDetail,omitempty"`
}

type soapResponse struct {
	Returnval *soapResult `xml:"urn:vim25 returnval"`
}

type soapBody struct {
	Res    *soapResponse `xml:"urn:vim25 ExecuteSoapResponse,omitempty"`
	Reason *soap.Fault   `xml:"http://schemas.xmlsoap.org/soap/envelope/ Fault,omitempty"`
}

func (b *soapBody) Fault() *soap.Fault { return b.Reason }

func toXML(v any) string {
	text, err := xml.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func (x *executer) ExecuteSoap(ctx *simulator.Context, body any) soap.HasFault {
	if match, _ := path.Match(x.cli.refused, x.host.Name); match {
		return &soapBody{Reason: simulator.Fault("", &types.NoPermission{Object: &x.host.Self, PrivilegeId: "Host.Config.Settings"})}
	}
	name, names, options := readRequest(body)
	if !x.cli.knows(name, options) {
		execute := reflect.ValueOf(x.own).MethodByName("ExecuteSoap")
		return execute.Call([]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(body)})[0].Interface().(soap.HasFault)
	}
	if name == "vim.CLIInfo.FetchCLIInfo" {
		info := infos[strings.TrimPrefix(options["typeName"][0], commands)]
		return &soapBody{Res: &soapResponse{&soapResult{Response: toXML(&info)}}}
	}
	command := strings.TrimPrefix(name, commands)
	return &soapBody{Res: &soapResponse{x.cli.run(&call{x.host, strings.Split(command, "."), names, options}, command)}}
}

func (e *esxcli) run(c *call, command string) *soapResult {
	var out output
	if len(e.program) > 0 {
		out = runProgram(e.program, c)
	} else {
		out = healthy[command](e.estate, c)
	}
	if out.unknown {
		return &soapResult{Fault: &soapFault{"The object or item referred to could not be found.",
			`<obj xmlns="urn:vim25" xmlns:xsi="` + xsi + `" xsi:type="LocalizedMethodFault"><fault xsi:type="NotFound"></fault></obj>`}}
	}
	if out.failure != "" {
		return &soapResult{Fault: &soapFault{out.failure,
			`<obj xmlns="urn:vim25" xmlns:xsi="` + xsi + `" xsi:type="LocalizedMethodFault"><fault xsi:type="VimEsxCLICLIFault"><errMsg>` +
				escaped(out.failure) + `</errMsg></fault></obj>`}}
	}
	return &soapResult{Response: out.answer.object("VimEsxCLI" + strings.Join(c.words, ""))}
}

// parameter of a command: its name in the API and on the command line.
func parameter(name string, alias ...string) esx.CommandInfoParam {
	return esx.CommandInfoParam{CommandInfoItem: esx.CommandInfoItem{Name: name, DisplayName: name}, Aliases: alias}
}

func information(namespace, command string, parameters ...esx.CommandInfoParam) esx.CommandInfo {
	return esx.CommandInfo{
		CommandInfoItem: esx.CommandInfoItem{Name: namespace},
		Method: []esx.CommandInfoMethod{{CommandInfoItem: esx.CommandInfoItem{Name: command, DisplayName: command},
			Param: parameters, Hints: esx.CommandInfoHints{{Key: "formatter", Value: "simple"}}}},
	}
}

// infos is what other clients ask before they send a command: its parameters, in the order of their names.
var infos = map[string]esx.CommandInfo{
	"hardware.cpu.global":       information("hardware.cpu.global", "get"),
	"network.ip.interface":      information("network.ip.interface", "list", parameter("netstack", "-N", "--netstack")),
	"network.ip.interface.ipv4": information("network.ip.interface.ipv4", "get", parameter("interfacename", "-i", "--interface-name"), parameter("netstack", "-N", "--netstack")),
	"storage.core.path":         information("storage.core.path", "list"),
	"storage.nfs":               information("storage.nfs", "list"),
	"system.version":            information("system.version", "get"),
	"network.diag": information("network.diag", "ping", parameter("count", "-c", "--count"), parameter("debug", "-D", "--debug"),
		parameter("df", "-d", "--df"), parameter("host", "-H", "--host"), parameter("interface", "-I", "--interface"),
		parameter("interval", "-i", "--interval"), parameter("ipv4", "-4", "--ipv4"), parameter("ipv6", "-6", "--ipv6"),
		parameter("netstack", "--netstack"), parameter("nexthop", "-N", "--nexthop"), parameter("size", "-s", "--size"),
		parameter("ttl", "-t", "--ttl"), parameter("wait", "-W", "--wait")),
}
