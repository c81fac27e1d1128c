# SPDX-License-Identifier: Apache-2.0
"""esxi_data.py - what the hosts of an estate themselves say, as files for the lab's stand-ins (esxi/): the same story that vCenter
tells of them. A folder a host, esx01 ..., in it data/COMMAND for esxcli, in the form that esxi/render.awk reads; and one
folder vmfs that all hosts share, with the VMs' .vmx files."""

from esxcli import parsed


def table(shape, headings, rows):
    """Text for render.awk; headings end with :i for integers and :b for booleans."""
    def cell(value):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return "".join(f"{line}\n" for line in [shape, "\t".join(headings), *("\t".join(map(cell, row)) for row in rows)])


def version(host):
    return table("one VersionGet", ("Product", "Version", "Build", "Update", "Patch"), [
        ("VMware ESXi", host["config.product.version"].text, f"Releasebuild-{host['config.product.build'].text}", 0, 0)])


def nics(host):
    def row(nic):
        speed = int(nic.findtext("linkSpeed/speedMb", "0"))
        return (nic.findtext("device"), nic.findtext("pci"), nic.findtext("driver"), "Up", "Up" if speed else "Down", speed,
                "Full" if speed else "Half", nic.findtext("mac"), 9000, "Intel(R) Ethernet Controller XXV710 for 25GbE SFP28")
    return table("table Nic", ("Name", "PCI Device", "Driver", "Admin Status", "Link Status", "Speed:i", "Duplex", "MAC Address", "MTU:i",
                               "Description"), map(row, parsed(host, "config.network.pnic")))


def cpu(host):
    packages, cores, threads = (int(host[f"hardware.cpuInfo.numCpu{n}"].text) for n in ("Packages", "Cores", "Threads"))
    return table("one CpuGlobalInfo", ("CPU Packages:i", "CPU Cores:i", "CPU Threads:i", "Hyperthreading Active:b", "Hyperthreading Supported:b",
                                       "Hyperthreading Enabled:b", "HV Support:i", "HV Replay Capable:b", "HV Replay Disabled Reasons"),
                 [(packages, cores, threads, threads > cores, True, True, 3, True, "")])


def nfs(host):
    def row(mount):
        volume, info = mount.find("volume"), mount.find("mountInfo")
        return (volume.findtext("name"), volume.findtext("remoteHost"), volume.findtext("remotePath"),
                info.findtext("accessible", "true") == "true", info.findtext("mounted", "true") == "true",
                info.findtext("accessMode") == "readOnly", False, "Not Supported")
    return table("table VolumeNFS", ("Volume Name", "Host", "Share", "Accessible:b", "Mounted:b", "Read-Only:b", "isPE:b",
                                     "Hardware Acceleration"),
                 [row(m) for m in parsed(host, "config.fileSystemVolume.mountInfo") if m.findtext("volume/type") == "NFS"])


def paths(host):
    names = {e.findtext("key"): (e.findtext("canonicalName"), e.findtext("displayName"))
             for e in parsed(host, "config.storageDevice.scsiLun")}

    def row(unit, path):
        adapter, channel, target, lun = path.findtext("name").replace("C", "").replace("T", "").replace("L", "").split(":")
        device, label = names.get(unit.findtext("lun"), ("", ""))
        return (path.findtext("key"), path.findtext("name"), device, label, adapter, channel, target, lun, "NMP", path.findtext("state"),
                "fc", f"fc.20000000c9{host.number:06x}:10000000c9{host.number:06x}", f"fc.500601600000000{target}:500601610000000{target}")
    return table("records Path", ("UID", "Runtime Name", "Device", "Device Display Name", "Adapter", "Channel:i", "Target:i", "LUN:i",
                                  "Plugin", "State", "Transport", "Adapter Identifier", "Target Identifier"),
                 [row(u, p) for u in parsed(host, "config.storageDevice.multipathInfo.lun") for p in u.findall("path")])


def rulesets(_):
    """A choice of them. The names are those of an ESXi 8 host; all enabled but sshClient, as it is after an installation."""
    names = ("sshServer", "sshClient", "nfsClient", "dns", "dhcp", "ntpClient", "vMotion", "NFC", "HBR", "faultTolerance", "webAccess",
             "vpxHeartbeats", "fdm")
    return table("table FirewallRuleset", ("Name", "Enabled:b"), [(name, name != "sshClient") for name in names])


COMMANDS = {"system.version.get": version, "network.nic.list": nics, "hardware.cpu.global.get": cpu, "storage.nfs.list": nfs,
            "storage.core.path.list": paths, "network.firewall.ruleset.list": rulesets}


def write_vmx(estate, folder):
    for vm in estate.vms:
        path = folder / "volumes" / estate.stores[0].name / vm.name / f"{vm.name}.vmx"
        path.parent.mkdir(parents=True)
        settings = {o.findtext("key"): o.findtext("value") for o in parsed(vm, "config.extraConfig")}
        lines = {".encoding": "UTF-8", "config.version": "8", "virtualHW.version": "19", "displayName": vm.name,
                 "guestOS": "rhel8-64", "numvcpus": "2", "memSize": "4096"} | settings
        path.write_text("".join(f'{key} = "{value}"\n' for key, value in lines.items()), encoding="utf-8")


def write(estate, folder):
    for host in estate.hosts:
        data = folder / f"esx{host.number:02}" / "data"
        data.mkdir(parents=True)
        for command, answer in COMMANDS.items():
            (data / command).write_text(answer(host), encoding="utf-8")
    write_vmx(estate, folder / "vmfs")
