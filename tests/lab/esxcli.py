# SPDX-License-Identifier: Apache-2.0
"""esxcli.py - what hosts of the estate answer to esxcli through the API: the pings of a network that carries what its VMkernel
adapters are set to, and what else the inventory tells. The same as tests/lab/vcsim/esxcli_healthy.go."""

import ipaddress
import re
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

HEAD = ('<obj xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xmlns="urn:vim25" versionId="5.0" xsi:type="{}">')
DEFAULT_STACK = "defaultTcpipStack"


class Failure(Exception):
    """esxcli's words in place of an answer."""


def parsed(host, path):
    """The elements of a property that is a list."""
    value = host.properties.get(path)
    text = f'<v xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{value.text if value else ""}</v>'
    return list(ElementTree.fromstring(text))


class Adapter:
    def __init__(self, element, switches):
        self.device = element.findtext("device")
        self.group = element.findtext("portgroup") or ""
        self.stack = element.findtext("spec/netStackInstanceKey") or DEFAULT_STACK
        self.mac = element.findtext("spec/mac", "")
        self.own_mtu = int(element.findtext("spec/mtu", "1500"))
        switch = switches.get(element.findtext("spec/distributedVirtualPort/switchUuid") or self.group)
        self.mtu = min(self.own_mtu, switch or self.own_mtu)  # what the adapter and its switch carry
        self.mask = element.findtext("spec/ip/subnetMask", "")
        self.address = element.findtext("spec/ip/ipAddress", "")
        self.addresses = [self.address] if self.address else []
        self.addresses += [e.text for e in element.findall("spec/ip/ipV6Config/ipV6Address/ipAddress")]


def adapters(host):
    named = {s.findtext("name"): int(s.findtext("mtu", "1500")) for s in parsed(host, "config.network.vswitch")}
    switches = {g.findtext("spec/name"): named.get(g.findtext("spec/vswitchName")) for g in parsed(host, "config.network.portgroup")}
    switches |= {s.findtext("dvsUuid"): int(s.findtext("mtu", "1500")) for s in parsed(host, "config.network.proxySwitch")}
    return [Adapter(e, switches) for e in parsed(host, "config.network.vnic")]


def fields(**values):
    """A structure's XML: names in their order, a list as often as it has items."""
    def one(name, value):
        if isinstance(value, list):
            return "".join(one(name, v) for v in value)
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return f"<{name}>{text if isinstance(value, Inner) else escape(text)}</{name}>"
    return Inner("".join(one(name, values[name]) for name in sorted(values)))


class Inner(str):
    """XML that is not to be escaped."""


def structure(kind, **values):
    return HEAD.format(kind) + fields(**values) + "</obj>"


def listed(kind, rows):
    items = "".join(f'<DataObject xsi:type="{kind}">{fields(**row)}</DataObject>' for row in rows)
    return HEAD.format("ArrayOfDataObject") + items + "</obj>"


def ping(server, host, options):
    size, count = int(options.get("size", 56)), int(options.get("count", 3))
    stack, device = options.get("netstack", DEFAULT_STACK), options.get("interface")
    source = next((a for a in adapters(host) if a.stack == stack and device in (None, a.device)), None)
    try:
        address = ipaddress.ip_address(options.get("host", ""))
    except ValueError:
        address = None
    if not source or not address or not 0 < count <= 1000:
        raise Failure(f"Unable to ping from interface '{device}' to '{options.get('host')}'")
    packet = size + (28 if address.version == 4 else 48)
    df = options.get("df") == "true"
    if df and packet > source.own_mtu:
        raise Failure("sendto() failed (Message too long)")
    peer = server.vmkernel_addresses().get(address)
    reached = peer and (not df or packet <= min(source.mtu, peer.mtu))
    trace = [fields(Detail="", Dup=False, Host=address, ICMPSeq=i, ReceivedBytes=size + 8, RoundtripTimeMS=200 + 10 * i, TTL=64)
             for i in range(count if reached else 0)]
    summary = fields(Duplicated=0, HostAddr=address, PacketLost=0 if reached else 100, Recieved=len(trace),
                     RoundtripAvgMS=200 + 5 * (count - 1) if reached else 0, RoundtripMaxMS=200 + 10 * (count - 1) if reached else 0,
                     RoundtripMinMS=200 if reached else 0, Transmitted=count)
    return structure("VimEsxCLInetworkdiagpingPingResult", Summary=summary, Trace=trace)


def cpu_global(_, host, __):
    packages, cores, threads = (int(host[f"hardware.cpuInfo.numCpu{n}"].text) for n in ("Packages", "Cores", "Threads"))
    return structure("VimEsxCLIhardwarecpuglobalgetCpuGlobalInfo", CPUPackages=packages, CPUCores=cores, CPUThreads=threads,
                     HVReplayCapable=True, HVSupport=3, HyperthreadingActive=threads > cores, HyperthreadingEnabled=True,
                     HyperthreadingSupported=True)


def interfaces(_, host, options):
    return listed("VimEsxCLInetworkipinterfacelistNetworkInterface", [
        {"Enabled": True, "MACAddress": a.mac, "MTU": a.own_mtu, "Name": a.device, "NetstackInstance": a.stack,
         "PortID": 33554436 + i, "Portgroup": a.group or "N/A", "TSOMSS": 65535}
        for i, a in enumerate(adapters(host)) if options.get("netstack", a.stack) == a.stack])


def interface_addresses(_, host, options):
    return listed("VimEsxCLInetworkipinterfaceipv4getIPv4Interface", [
        {"AddressType": "STATIC", "DHCPDNS": False, "Gateway": "0.0.0.0", "IPv4Address": a.address, "IPv4Netmask": a.mask, "Name": a.device}
        for a in adapters(host) if a.address and options.get("netstack", a.stack) == a.stack
        and options.get("interfacename", a.device) == a.device])


def nfs(_, host, __):
    rows = []
    for mount in parsed(host, "config.fileSystemVolume.mountInfo"):
        volume, info = mount.find("volume"), mount.find("mountInfo")
        if volume.findtext("type") == "NFS":
            rows.append({"Accessible": info.findtext("accessible", "true") == "true", "HardwareAcceleration": "Not Supported",
                         "Host": volume.findtext("remoteHost"), "Mounted": info.findtext("mounted", "true") == "true",
                         "ReadOnly": info.findtext("accessMode") == "readOnly", "Share": volume.findtext("remotePath"),
                         "VolumeName": volume.findtext("name"), "isPE": False})
    return listed("VimEsxCLIstoragenfslistVolumeNFS", rows)


def paths(_, host, __):
    names = {e.findtext("key"): e.findtext("canonicalName") for e in parsed(host, "config.storageDevice.scsiLun")}
    return listed("VimEsxCLIstoragecorepathlistPath", [
        {"Adapter": p.findtext("name").split(":")[0], "Device": names.get(unit.findtext("lun"), ""),
         "LUN": re.sub(r".*L", "", p.findtext("name")), "Plugin": "NMP", "RuntimeName": p.findtext("name"), "State": p.findtext("state"),
         "UID": p.findtext("key")}
        for unit in parsed(host, "config.storageDevice.multipathInfo.lun") for p in unit.findall("path")])


COMMANDS = {"hardware.cpu.global.get": cpu_global, "network.diag.ping": ping, "network.ip.interface.list": interfaces,
            "network.ip.interface.ipv4.get": interface_addresses, "storage.nfs.list": nfs, "storage.core.path.list": paths}


def result(text):
    return f"<returnval><response>{escape(text)}</response></returnval>"


def fault(kind, words):
    detail = (f'<obj xmlns="urn:vim25" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="LocalizedMethodFault">'
              f'<fault xsi:type="{kind}"><errMsg>{escape(words)}</errMsg></fault></obj>')
    return f"<returnval><fault><faultMsg>{escape(words)}</faultMsg><faultDetail>{escape(detail)}</faultDetail></fault></returnval>"


def execute(server, host, method, arguments):
    """The content of an ExecuteSoapResponse."""
    options = {name: ElementTree.fromstring(f"<v>{value}</v>")[0].text or "" for name, value in arguments}
    command = COMMANDS.get(method.removeprefix("vim.EsxCLI."))
    if not command:
        return fault("NotFound", "The object or item referred to could not be found.")
    try:
        return result(command(server, host, options))
    except Failure as failure:
        return fault("VimEsxCLICLIFault", str(failure))
