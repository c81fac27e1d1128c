# SPDX-License-Identifier: Apache-2.0
"""estate_network.py - the estate's networks, switches and VMkernel adapters, as far as the checks read them."""

from vim import Value, reference, references, string

DVS_UUID = "50 1f 3a 00 11 22 33 44-55 66 77 88 99 aa bb cc"
VLAN = "VmwareDistributedVirtualSwitchVlanIdSpec", "<inherited>false</inherited><vlanId>40</vlanId>"
TEAM = ("<uplinkTeamingPolicy><inherited>false</inherited><uplinkPortOrder><inherited>false</inherited>"
        "<activeUplinkPort>Uplink 1</activeUplinkPort><standbyUplinkPort>Uplink 2</standbyUplinkPort></uplinkPortOrder></uplinkTeamingPolicy>")
TRUNK = ("VmwareDistributedVirtualSwitchTrunkVlanSpec",
         "<inherited>false</inherited><vlanId><start>0</start><end>4094</end></vlanId>")


def vswitch(mtu=9000, pnics=("vmnic0", "vmnic1")):
    uplinks = "".join(f"<pnic>key-vim.host.PhysicalNic-{p}</pnic>" for p in pnics)
    bridge = "".join(f"<nicDevice>{p}</nicDevice>" for p in pnics)
    bridge = f'<bridge xsi:type="HostVirtualSwitchBondBridge">{bridge}</bridge>' if bridge else ""
    return Value("ArrayOfHostVirtualSwitch", "<HostVirtualSwitch><name>vSwitch0</name><key>key-vim.host.VirtualSwitch-vSwitch0</key>"
                 f"<numPorts>2560</numPorts><numPortsAvailable>2540</numPortsAvailable><mtu>{mtu}</mtu>{uplinks}"
                 f"<spec><numPorts>128</numPorts>{bridge}<mtu>{mtu}</mtu></spec></HostVirtualSwitch>")


def port_groups(vlan=40, active=("vmnic0",), standby=("vmnic1",), machines="VM Network"):
    def group(name, tag, active, standby):
        order = "".join(f"<activeNic>{n}</activeNic>" for n in active) + "".join(f"<standbyNic>{n}</standbyNic>" for n in standby)
        return (f"<HostPortGroup><key>key-vim.host.PortGroup-{name}</key><vswitch>key-vim.host.VirtualSwitch-vSwitch0</vswitch>"
                f"<computedPolicy><nicTeaming><nicOrder>{order}</nicOrder></nicTeaming></computedPolicy><spec><name>{name}</name>"
                f"<vlanId>{tag}</vlanId><vswitchName>vSwitch0</vswitchName><policy></policy></spec></HostPortGroup>")

    both = "vmnic0", "vmnic1"
    return Value("ArrayOfHostPortGroup", group("Management Network", 0, both, ()), group("vMotion", vlan, active, standby),
                 group(machines, 10, both, ()))


def proxy_switch(mtu=9000):
    return Value("ArrayOfHostProxySwitch", f"<HostProxySwitch><dvsUuid>{DVS_UUID}</dvsUuid><dvsName>dvs-1</dvsName>"
                 "<key>key-vim.host.ProxySwitch-DvsPortset-0</key><numPorts>2560</numPorts><numPortsAvailable>2540</numPortsAvailable>"
                 f"<mtu>{mtu}</mtu><pnic>key-vim.host.PhysicalNic-vmnic2</pnic><pnic>key-vim.host.PhysicalNic-vmnic3</pnic>"
                 "<uplinkPort><key>16</key><value>Uplink 1</value></uplinkPort><uplinkPort><key>17</key><value>Uplink 2</value></uplinkPort>"
                 '<spec><backing xsi:type="DistributedVirtualSwitchHostMemberPnicBacking">'
                 "<pnicSpec><pnicDevice>vmnic2</pnicDevice><uplinkPortKey>16</uplinkPortKey></pnicSpec>"
                 "<pnicSpec><pnicDevice>vmnic3</pnicDevice><uplinkPortKey>17</uplinkPortKey></pnicSpec>"
                 "</backing></spec></HostProxySwitch>")


def pnics(**speeds):
    """Four adapters of 25 Gbit/s, or of as many Mbit/s as given; 0: the link is down."""
    def pnic(i):
        speed = speeds.get(f"vmnic{i}", 25000)
        link = f"<linkSpeed><speedMb>{speed}</speedMb><duplex>true</duplex></linkSpeed>" if speed else ""
        return (f"<PhysicalNic><key>key-vim.host.PhysicalNic-vmnic{i}</key><device>vmnic{i}</device><pci>0000:3b:00.{i}</pci>"
                f"<driver>i40en</driver>{link}<spec></spec><wakeOnLanSupported>false</wakeOnLanSupported>"
                f"<mac>00:1b:21:00:00:0{i}</mac></PhysicalNic>")

    return Value("ArrayOfPhysicalNic", *(pnic(i) for i in range(4)))


def netstacks(gateway, vmotion_gateway=None, vmotion_gateway6=None):
    """The three TCP/IP stacks of every host; that for vMotion has no gateway unless given."""
    def stack(key, gateway, gateway6=None):
        route = (f"<defaultGateway>{gateway}</defaultGateway>" if gateway else "") + (
            f"<ipV6DefaultGateway>{gateway6}</ipV6DefaultGateway>" if gateway6 else "")
        return (f"<HostNetStackInstance><key>{key}</key><name>{key}</name>"
                f'<ipRouteConfig xsi:type="HostIpRouteConfig">{route}</ipRouteConfig></HostNetStackInstance>')

    return Value("ArrayOfHostNetStackInstance", stack("defaultTcpipStack", gateway),
                 stack("vmotion", vmotion_gateway, vmotion_gateway6), stack("vSphereProvisioning", None))


def vmk(device, address, mask="255.255.255.0", mtu=9000, stack="defaultTcpipStack", six=(), gateway=None, distributed=False):
    """A VMkernel adapter; SIX are IPv6 addresses as ADDRESS/LENGTH."""
    four = f"<ipAddress>{address}</ipAddress><subnetMask>{mask}</subnetMask>" if address else ""
    more = "".join("<ipV6Address><ipAddress>{}</ipAddress><prefixLength>{}</prefixLength><origin>manual</origin>"
                   "<dadState>preferred</dadState></ipV6Address>".format(*a.split("/")) for a in six)
    more = f"<ipV6Config>{more}</ipV6Config>" if more else ""
    port = ("<distributedVirtualPort><switchUuid>" + DVS_UUID + "</switchUuid><portgroupKey>dvportgroup-52</portgroupKey>"
            "<portKey>8</portKey></distributedVirtualPort>" if distributed else "")
    route = (f'<ipRouteSpec><ipRouteConfig xsi:type="HostIpRouteConfig"><defaultGateway>{gateway}</defaultGateway></ipRouteConfig>'
             "</ipRouteSpec>" if gateway else "")
    group = "" if distributed else "Management Network" if device == "vmk0" else "vMotion"
    return device, (f"<device>{device}</device><key>key-vim.host.VirtualNic-{device}</key><portgroup>{group}</portgroup><spec><ip>"
                    f"<dhcp>false</dhcp>{four}{more}</ip><mac>00:50:56:60:00:01</mac>{port}<mtu>{mtu}</mtu>"
                    f"<netStackInstanceKey>{stack}</netStackInstanceKey>{route}</spec>")


def set_adapters(host, *adapters, vmotion=("vmk1",)):
    """The VMkernel adapters of a host: vmk0 for management, and ADAPTERS, of which those in VMOTION are selected for vMotion."""
    nics = vmk("vmk0", f"10.0.0.{host.number + 9}", mtu=1500), *adapters
    host["config.network.vnic"] = Value("ArrayOfHostVirtualNic", *(f"<HostVirtualNic>{x}</HostVirtualNic>" for _, x in nics))
    services = []
    for service, devices in (("vmotion", vmotion), ("management", ("vmk0",))):
        candidates = "".join(
            f"<candidateVnic>{x}</candidateVnic>".replace("key-vim", f"{service}.key-vim") for _, x in nics)
        chosen = "".join(f"<selectedVnic>{service}.key-vim.host.VirtualNic-{d}</selectedVnic>" for d in devices)
        services.append(f"<VirtualNicManagerNetConfig><nicType>{service}</nicType><multiSelectAllowed>true"
                        f"</multiSelectAllowed>{candidates}{chosen}</VirtualNicManagerNetConfig>")
    host["config.virtualNicManagerInfo.netConfig"] = Value("ArrayOfVirtualNicManagerNetConfig", *services)


def make_port_group(estate, folder, switch, number, name, vlan=VLAN):
    kind, body = vlan
    group = estate.add("DistributedVirtualPortgroup", f"dvportgroup-{number}")
    group.properties |= {
        "name": string(name), "parent": reference(folder), "key": string(group.moid), "config.key": string(group.moid),
        "config.name": string(name), "config.distributedVirtualSwitch": reference(switch),
        "config.defaultPortConfig": Value("VMwareDVSPortSetting", f'<vlan xsi:type="{kind}">{body}</vlan>', TEAM)}
    return group


def make_switch(estate, folder):
    """One distributed switch of all hosts, with a port group for VMs, one for vMotion, and that of its uplinks."""
    switch = estate.add("VmwareDistributedVirtualSwitch", "dvs-50")
    groups = [make_port_group(estate, folder, switch, 51, "dv-production"), make_port_group(estate, folder, switch, 52, "dv-vmotion"),
              make_port_group(estate, folder, switch, 53, "dvs-1-uplinks", TRUNK)]
    switch.properties |= {"name": string("dvs-1"), "parent": reference(folder), "uuid": string(DVS_UUID),
                          "portgroup": references(groups)}
    return switch, groups


def fill(estate):
    """Properties of a healthy estate."""
    folder = next(o for o in estate.objects if o.moid == "group-n6")
    switch, groups = make_switch(estate, folder)
    folder["childEntity"] = references([estate.network, switch, *groups])
    offered = references([estate.network, *groups[:2]])
    shared = {"config.network.vswitch": vswitch(), "config.network.portgroup": port_groups(),
              "config.network.proxySwitch": proxy_switch(), "config.network.pnic": pnics(), "network": offered}
    for i, cluster in enumerate(estate.clusters):
        cluster["network"] = offered
        stacks = netstacks(f"10.0.{i}.1")
        for host in cluster.hosts:
            host.properties |= shared | {"config.network.netStackInstance": stacks}
    for group in groups[:2]:
        group["host"] = references(estate.hosts)
    estate.port_groups = groups


def each(estate):
    return estate.clusters[0].hosts


def move(host, **adapter):
    """The host's vMotion adapter, otherwise than on the others."""
    set_adapters(host, vmk("vmk1", adapter.pop("address", f"10.1.0.{host.number + 9}"), **adapter))


def all_distributed(estate):
    for host in each(estate):
        move(host, distributed=True)


def routed(estate, stack="vmotion", gateway="10.9.0.1"):
    """The third host in a network of its own, all of them on a TCP/IP stack with a gateway."""
    for host in each(estate):
        move(host, stack=stack, **({"address": "10.9.0.12"} if host.number == 3 else {}))
        own = gateway if host.number == 3 else "10.1.0.1"
        host["config.network.netStackInstance"] = netstacks(*(("10.0.0.1", own) if stack == "vmotion" else (own,)))


def own_gateways(estate):
    for host in each(estate):
        move(host, **({"address": "10.9.0.12", "gateway": "10.9.0.1"} if host.number == 3 else {"gateway": "10.1.0.1"}))


def two_adapters(estate, odd=None):
    """Two vMotion adapters a host, the second in another network; ODD: the address of that on the third host."""
    for host in each(estate):
        other = odd if odd and host.number == 3 else f"10.2.0.{host.number + 9}"
        set_adapters(host, vmk("vmk1", f"10.1.0.{host.number + 9}"), vmk("vmk2", other), vmotion=("vmk1", "vmk2"))


def six_only(estate, odd="fd00:77::12"):
    for host in each(estate):
        address = odd if host.number == 3 else f"fd00:77::{host.number + 9}"
        move(host, address="", six=(f"fe80::250:56ff:fe60:{host.number}/64", f"{address}/64"))


def third(estate, path, value):
    estate.hosts[2][path] = value


def offers(estate, number, *networks):
    estate.hosts[number]["network"] = references(networks)


def distributed_vlan(estate, vlan):
    """The third host on the distributed switch, whose port group has that VLAN."""
    kind, body = vlan
    estate.port_groups[1]["config.defaultPortConfig"] = Value("VMwareDVSPortSetting", f'<vlan xsi:type="{kind}">{body}</vlan>')
    move(estate.hosts[2], distributed=True)


def needs_switch(estate):
    """The third VM needs a port group of the distributed switch too, and the second host has left that switch."""
    estate.vms[2]["network"] = references([estate.network, estate.port_groups[0]])
    offers(estate, 1, estate.network)


def deleted_network(estate):
    """The port group that app01-02 was plugged into is no more: only its name is left."""
    vm = estate.vms[1]
    devices = vm["config.hardware.device"]
    vm["config.hardware.device"] = Value(devices.type, devices.text.replace(estate.network.reference("network"), ""))
    vm["network"] = references([])


def same_name(estate):
    """The fourth host's port group is a network object of its own, with the same label."""
    twin = estate.add("Network", "network-26")
    twin.properties |= {"name": string("VM Network"), "parent": estate.network["parent"]}
    folder = next(o for o in estate.objects if o.moid == "group-n6")
    folder["childEntity"] = Value("ArrayOfManagedObjectReference", *folder["childEntity"].pieces, *references([twin]).pieces)
    offers(estate, 3, twin, *estate.port_groups[:2])


# name: what it plants, given an estate. In the first cluster: hosts esx01 to esx04, VMs app01-01 ...
DEFECTS = {
    "vmotion-on-dvs": all_distributed,
    "vmotion-routed": routed,
    "vmotion-routed-default-stack": lambda e: routed(e, stack="defaultTcpipStack"),
    "vmotion-routed-own-gateway": own_gateways,
    "vmotion-gateway-outside": lambda e: routed(e, gateway="10.8.0.1"),
    "vmotion-gateway-missing": lambda e: routed(e, gateway=None),
    "vmotion-subnet": lambda e: move(e.hosts[2], address="10.9.0.12"),
    "vmotion-mask-narrow": lambda e: move(e.hosts[2], address="10.1.0.50", mask="255.255.255.240"),
    "vmotion-mask-wide": lambda e: move(e.hosts[2], mask="255.255.0.0"),
    "vmotion-mask-none": lambda e: move(e.hosts[2], mask="0.0.0.0"),
    "vmotion-mask-host": lambda e: move(e.hosts[2], mask="255.255.255.255"),
    "vmotion-mask-gap": lambda e: move(e.hosts[2], mask="255.0.255.0"),
    "vmotion-two-adapters": two_adapters,
    "vmotion-two-adapters-one-astray": lambda e: two_adapters(e, "10.3.0.12"),
    "vmotion-ip6": six_only,
    "vmotion-ip6-subnet": lambda e: six_only(e, "fd00:78::12"),
    "vmotion-ip-duplicate": lambda e: move(e.hosts[2], address="10.1.0.11"),
    "vmotion-ip-of-management": lambda e: move(e.hosts[2], address="10.0.0.11"),
    "vmotion-mtu": lambda e: move(e.hosts[3], mtu=1500),
    "vmotion-mtu-switch": lambda e: third(e, "config.network.vswitch", vswitch(mtu=1500)),
    "vmotion-mtu-dvs": lambda e: (all_distributed(e), third(e, "config.network.proxySwitch", proxy_switch(mtu=1500))),
    "vmotion-netstack": lambda e: move(e.hosts[2], stack="vmotion"),
    "vmotion-vlan": lambda e: third(e, "config.network.portgroup", port_groups(vlan=41)),
    "vmotion-vlan-trunk": lambda e: third(e, "config.network.portgroup", port_groups(vlan=4095)),
    "vmotion-vlan-dvs": lambda e: distributed_vlan(e, ("VmwareDistributedVirtualSwitchVlanIdSpec", "<vlanId>42</vlanId>")),
    "vmotion-vlan-dvs-same": lambda e: distributed_vlan(e, VLAN),
    "vmotion-vlan-dvs-trunk": lambda e: distributed_vlan(e, TRUNK),
    "vmotion-link-down": lambda e: third(e, "config.network.pnic", pnics(vmnic0=0, vmnic1=0)),
    "vmotion-link-one-down": lambda e: third(e, "config.network.pnic", pnics(vmnic1=0)),
    "vmotion-link-slow": lambda e: third(e, "config.network.pnic", pnics(vmnic0=100, vmnic1=100)),
    "vmotion-link-gigabit": lambda e: third(e, "config.network.pnic", pnics(vmnic0=1000, vmnic1=1000)),
    "vmotion-no-uplink": lambda e: (third(e, "config.network.vswitch", vswitch(pnics=())),
                                    third(e, "config.network.portgroup", port_groups(active=(), standby=()))),
    "network-missing": lambda e: offers(e, 1, *e.port_groups[:2]),
    "network-missing-dvs": needs_switch,
    "network-same-name": same_name,
    "network-deleted": deleted_network,
}
