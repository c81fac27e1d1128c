// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// estate is what the answers are made of: the VMkernel adapters of all hosts, by address.
type estate struct {
	adapters map[netip.Addr]*adapter
}

type adapter struct {
	types.HostVirtualNic
	mtu   int32 // the smaller one of the adapter's and its switch's
	stack string
}

// healthy has an answer for each command that is known; the names are those of the API.
var healthy = map[string]func(*estate, *call) output{
	"hardware.cpu.global.get":       cpuGlobalGet,
	"network.diag.ping":             ping,
	"network.ip.interface.list":     interfaceList,
	"network.ip.interface.ipv4.get": interfaceIPv4Get,
	"storage.core.path.list":        pathList,
	"storage.nfs.list":              nfsList,
	"system.version.get":            versionGet,
}

func newEstate(registry *simulator.Registry) *estate {
	e := &estate{map[netip.Addr]*adapter{}}
	for _, entity := range registry.All("HostSystem") {
		for _, a := range adapters(entity.(*simulator.HostSystem)) {
			for _, address := range a.addresses() {
				e.adapters[address] = a
			}
		}
	}
	return e
}

func network(host *simulator.HostSystem) *types.HostNetworkInfo {
	if host.Config == nil || host.Config.Network == nil {
		return &types.HostNetworkInfo{}
	}
	return host.Config.Network
}

func adapters(host *simulator.HostSystem) []*adapter {
	var all []*adapter
	info := network(host)
	for _, nic := range info.Vnic {
		a := &adapter{nic, nic.Spec.Mtu, nic.Spec.NetStackInstanceKey}
		if a.mtu == 0 {
			a.mtu = 1500
		}
		if a.stack == "" {
			a.stack = "defaultTcpipStack"
		}
		if mtu := switchMTU(info, &nic); mtu != 0 && mtu < a.mtu {
			a.mtu = mtu
		}
		all = append(all, a)
	}
	return all
}

func switchMTU(info *types.HostNetworkInfo, nic *types.HostVirtualNic) int32 {
	if port := nic.Spec.DistributedVirtualPort; port != nil {
		for _, s := range info.ProxySwitch {
			if s.DvsUuid == port.SwitchUuid {
				return s.Mtu
			}
		}
	}
	for _, g := range info.Portgroup {
		for _, s := range info.Vswitch {
			if g.Spec.Name == nic.Portgroup && s.Name == g.Spec.VswitchName {
				return s.Mtu
			}
		}
	}
	return 0
}

func (a *adapter) addresses() []netip.Addr {
	var all []netip.Addr
	add := func(s string) {
		if address, err := netip.ParseAddr(s); err == nil {
			all = append(all, address)
		}
	}
	if ip := a.Spec.Ip; ip != nil {
		add(ip.IpAddress)
		if ip.IpV6Config != nil {
			for _, six := range ip.IpV6Config.IpV6Address {
				add(six.IpAddress)
			}
		}
	}
	return all
}

// source is the adapter that a ping leaves by: the one that is named, or else the first of the stack.
func source(c *call) *adapter {
	stack, device := c.option("netstack"), c.option("interface")
	if stack == "" {
		stack = "defaultTcpipStack"
	}
	for _, a := range adapters(c.host) {
		if a.stack == stack && (device == "" || device == a.Device) {
			return a
		}
	}
	return nil
}

// ping is answered by every VMkernel adapter of the inventory, for packets that both ends and their switches carry.
func ping(e *estate, c *call) output {
	size, count := int64(56), int64(3)
	for name, value := range map[string]*int64{"size": &size, "count": &count} {
		if s := c.option(name); s != "" {
			*value, _ = strconv.ParseInt(s, 10, 32)
		}
	}
	to, err := netip.ParseAddr(c.option("host"))
	from := source(c)
	if err != nil || from == nil || count < 1 || count > 1000 {
		return output{failure: "Unable to ping from interface '" + c.option("interface") + "' to '" + c.option("host") + "'"}
	}
	packet := int32(size) + 28
	if to.Is6() {
		packet += 20
	}
	own := from.Spec.Mtu
	if own == 0 {
		own = 1500
	}
	df := c.option("df") == "true"
	if df && packet > own {
		return output{failure: "sendto() failed (Message too long)"}
	}
	peer := e.adapters[to]
	reached := peer != nil && (!df || packet <= from.mtu && packet <= peer.mtu)
	return output{answer: pingAnswer(to.String(), size, count, reached)}
}

func pingAnswer(host string, size, count int64, reached bool) element {
	received, lost := int64(0), int64(100)
	var trace []element
	if reached {
		received, lost = count, 0
		for i := int64(0); i < count; i++ {
			trace = append(trace, structure("PingTrace", field("Detail", text("")), field("Dup", boolean(false)),
				field("Host", text(host)), field("ICMPSeq", number(i)), field("ReceivedBytes", number(size+8)),
				field("RoundtripTimeMS", number(200+10*i)), field("TTL", number(64))))
		}
	}
	times := map[string]int64{"Avg": 0, "Max": 0, "Min": 0}
	if reached {
		times = map[string]int64{"Avg": 200 + 5*(count-1), "Max": 200 + 10*(count-1), "Min": 200}
	}
	return structure("PingResult", field("Summary", structure("PingSummary", field("Duplicated", number(0)),
		field("HostAddr", text(host)), field("PacketLost", number(lost)), field("Recieved", number(received)),
		field("RoundtripAvgMS", number(times["Avg"])), field("RoundtripMaxMS", number(times["Max"])),
		field("RoundtripMinMS", number(times["Min"])), field("Transmitted", number(count)))),
		field("Trace", list(trace...)))
}

func interfaceList(_ *estate, c *call) output {
	var all []element
	for i, a := range adapters(c.host) {
		if stack := c.option("netstack"); stack != "" && stack != a.stack {
			continue
		}
		group := a.Portgroup
		if group == "" {
			group = "N/A"
		}
		mtu := a.Spec.Mtu
		if mtu == 0 {
			mtu = 1500
		}
		all = append(all, structure("NetworkInterface", field("Enabled", boolean(true)), field("MACAddress", text(a.Spec.Mac)),
			field("MTU", number(int64(mtu))), field("Name", text(a.Device)), field("NetstackInstance", text(a.stack)),
			field("PortID", number(int64(33554436+i))), field("Portgroup", text(group)), field("TSOMSS", number(65535))))
	}
	return output{answer: list(all...)}
}

func interfaceIPv4Get(_ *estate, c *call) output {
	var all []element
	for _, a := range adapters(c.host) {
		stack, device := c.option("netstack"), c.option("interfacename")
		if a.Spec.Ip == nil || stack != "" && stack != a.stack || device != "" && device != a.Device {
			continue
		}
		all = append(all, structure("IPv4Interface", field("AddressType", text("STATIC")), field("DHCPDNS", boolean(false)),
			field("Gateway", text("0.0.0.0")), field("IPv4Address", text(a.Spec.Ip.IpAddress)),
			field("IPv4Netmask", text(a.Spec.Ip.SubnetMask)), field("Name", text(a.Device))))
	}
	return output{answer: list(all...)}
}

func cpuGlobalGet(_ *estate, c *call) output {
	var info types.HostCpuInfo
	if c.host.Hardware != nil {
		info = c.host.Hardware.CpuInfo
	}
	return output{answer: structure("CpuGlobalInfo", field("CPUCores", number(int64(info.NumCpuCores))),
		field("CPUPackages", number(int64(info.NumCpuPackages))), field("CPUThreads", number(int64(info.NumCpuThreads))),
		field("HVReplayCapable", boolean(true)), field("HVReplayDisabledReasons", list()), field("HVSupport", number(3)),
		field("HyperthreadingActive", boolean(info.NumCpuThreads > info.NumCpuCores)),
		field("HyperthreadingEnabled", boolean(true)), field("HyperthreadingSupported", boolean(true)))}
}

func nfsList(_ *estate, c *call) output {
	var all []element
	if c.host.Config == nil || c.host.Config.FileSystemVolume == nil {
		return output{answer: list()}
	}
	for _, mount := range c.host.Config.FileSystemVolume.MountInfo {
		nas, ok := mount.Volume.(*types.HostNasVolume)
		if !ok || nas.Type != "NFS" {
			continue
		}
		accessible := mount.MountInfo.Accessible == nil || *mount.MountInfo.Accessible
		mounted := mount.MountInfo.Mounted == nil || *mount.MountInfo.Mounted
		all = append(all, structure("VolumeNFS", field("Accessible", boolean(accessible)),
			field("HardwareAcceleration", text("Not Supported")), field("Host", text(nas.RemoteHost)), field("Mounted", boolean(mounted)),
			field("ReadOnly", boolean(mount.MountInfo.AccessMode == "readOnly")), field("Share", text(nas.RemotePath)),
			field("VolumeName", text(nas.Name)), field("isPE", boolean(false))))
	}
	return output{answer: list(all...)}
}

func pathList(_ *estate, c *call) output {
	var all []element
	if c.host.Config == nil || c.host.Config.StorageDevice == nil || c.host.Config.StorageDevice.MultipathInfo == nil {
		return output{answer: list()}
	}
	names := map[string]string{}
	for _, lun := range c.host.Config.StorageDevice.ScsiLun {
		names[lun.GetScsiLun().Key] = lun.GetScsiLun().CanonicalName
	}
	for _, unit := range c.host.Config.StorageDevice.MultipathInfo.Lun {
		for _, p := range unit.Path {
			// "vmhba1:C0:T0:L3"
			parts := strings.SplitN(p.Name, ":", 2)
			all = append(all, structure("Path", field("Adapter", text(parts[0])), field("Device", text(names[unit.Lun])),
				field("LUN", text(p.Name[strings.LastIndex(p.Name, "L")+1:])), field("Plugin", text("NMP")),
				field("RuntimeName", text(p.Name)), field("State", text(p.State)), field("UID", text(p.Key))))
		}
	}
	return output{answer: list(all...)}
}

func versionGet(_ *estate, c *call) output {
	var product types.AboutInfo
	if c.host.Config != nil {
		product = c.host.Config.Product
	}
	return output{answer: structure("VersionGet", field("Build", text("Releasebuild-"+product.Build)), field("Patch", text("0")),
		field("Product", text("VMware ESXi")), field("Update", text("0")), field("Version", text(product.Version)))}
}
