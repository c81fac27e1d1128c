# SPDX-License-Identifier: Apache-2.0
"""estate.py - a make-believe vSphere estate: its objects, their properties, and defects to plant in them.

One model for both servers of the lab: make_inventory.py writes it to files that the genuine vCenter simulator loads,
fault_server.py answers from it directly. What the checks of one area need is in the part of that name, estate_AREA.py: fill()
completes the healthy estate, DEFECTS are what can be planted there. Types, field names, order of fields and encodings are those of the vSphere API's
schema; the values are invented. Guesses are marked as such.
"""

import re
import uuid
from xml.sax.saxutils import escape

import estate_cpu
import estate_host
import estate_network
import estate_path
import estate_port
import estate_storage
import estate_vm
from vim import Object, Value, boolean, device, reference, references, string, strings

PARTS = estate_cpu, estate_host, estate_network, estate_path, estate_port, estate_storage, estate_vm

NAMESPACE = uuid.UUID("6d1f1a52-3c52-4d0e-9f6b-0a5b1c7c2a10")

# What the hosts' processors offer to virtual machines. Key names as featureCapability spells them, a choice of them.
CPU_FEATURES = """
3DNPREFETCH ABM ADX AES AVX AVX2 BMI1 BMI2 CMPXCHG16B DS ENFSTRG F16C FMA FSGSBASE HLE HT INTEL INVPCID LAHF64 LM MOVBE
MWAIT NX PCID PCLMULQDQ PDPE1GB POPCNT RDRAND RDSEED RDTSCP RTM SMAP SMEP SS SSE3 SSE41 SSE42 SSSE3 SYSCALL VMX XSAVE
""".split()
MASKED_OUT = {"HLE", "RTM", "VMX"}  # what the cluster's EVC mode hides

# In a setting that migready has no business with: nothing of it may be kept.
SETTING_SECRET = "canary-in-a-setting-4f7a"

DISTINCT_CPU_LISTS = 22
BIG_CPU_FEATURES = 300
BIG_DEVICES = 20
BIG_EXTRA_CONFIG = 40


def vnic(device, portgroup, address, mtu):
    ip = f"<ipAddress>{address}</ipAddress><subnetMask>255.255.255.0</subnetMask>" if address else ""
    return (f"<device>{device}</device><key>key-vim.host.VirtualNic-{device}</key><portgroup>{portgroup}</portgroup>"
            f"<spec><ip><dhcp>false</dhcp>{ip}</ip><mac>00:50:56:60:00:01</mac><mtu>{mtu}</mtu>"
            "<netStackInstanceKey>defaultTcpipStack</netStackInstanceKey></spec>")


def set_network(host, management, vmotion, selected=True):
    """VMkernel adapters: vmk0 for management, vmk1 for vMotion. vmotion "" leaves vmk1 without address."""
    nics = [("vmk0", vnic("vmk0", "Management Network", management, 1500)), ("vmk1", vnic("vmk1", "vMotion", vmotion, 9000))]
    host["config.network.vnic"] = Value("ArrayOfHostVirtualNic", *(f"<HostVirtualNic>{x}</HostVirtualNic>" for _, x in nics))
    services = []
    for service, device in (("vmotion", "vmk1" if selected else None), ("management", "vmk0")):
        candidates = "".join(
            f"<candidateVnic>{x}</candidateVnic>".replace("key-vim", f"{service}.key-vim") for _, x in nics)
        chosen = f"<selectedVnic>{service}.key-vim.host.VirtualNic-{device}</selectedVnic>" if device else ""
        services.append(f"<VirtualNicManagerNetConfig><nicType>{service}</nicType><multiSelectAllowed>true"
                        f"</multiSelectAllowed>{candidates}{chosen}</VirtualNicManagerNetConfig>")
    host["config.virtualNicManagerInfo.netConfig"] = Value("ArrayOfVirtualNicManagerNetConfig", *services)


def capabilities(values):
    return Value("ArrayOfHostFeatureCapability", "".join(
        f"<HostFeatureCapability><key>cpuid.{k}</key><featureName>cpuid.{k}</featureName><value>{v}</value>"
        "</HostFeatureCapability>" for k, v in values.items()))


def set_cpu(host, features, masked_out=frozenset()):
    host["config.featureCapability"] = capabilities(features)
    host["config.maskedFeatureCapability"] = capabilities({k: 0 if k in masked_out else v for k, v in features.items()})


def nfs_volume(name, server, path, version=3):
    kind = {3: "NFS", 41: "NFS41"}.get(version, version)
    names = f"<remoteHostNames>{server}</remoteHostNames>" if version == 41 else ""
    security = "<securityType>AUTH_SYS</securityType>" if version == 41 else ""
    return (f"<HostFileSystemMountInfo><mountInfo><path>/vmfs/volumes/{uuid.uuid5(NAMESPACE, server + path)}</path>"
            "<accessMode>readWrite</accessMode><mounted>true</mounted><accessible>true</accessible></mountInfo>"
            f'<volume xsi:type="HostNasVolume"><type>{kind}</type><name>{name}</name><capacity>10995116277760</capacity>'
            f"<remoteHost>{server}</remoteHost><remotePath>{path}</remotePath>{names}{security}</volume>"
            "<vStorageSupport>vStorageUnsupported</vStorageSupport></HostFileSystemMountInfo>")


BOOT_VOLUME = ("<HostFileSystemMountInfo><mountInfo><path>/vmfs/volumes/5f1e7a10-0001</path><accessMode>readWrite</accessMode>"
               "<mounted>true</mounted><accessible>true</accessible></mountInfo>"
               '<volume xsi:type="HostVmfsVolume"><type>OTHER</type><name>OSDATA</name><capacity>128580583424</capacity>'
               "</volume></HostFileSystemMountInfo>")


def set_mounts(host, mounts):
    host.mounts = mounts
    host["config.fileSystemVolume.mountInfo"] = Value(
        "ArrayOfHostFileSystemMountInfo", BOOT_VOLUME, *(nfs_volume(*m) for m in mounts))


def set_extra_config(vm, options):
    vm["config.extraConfig"] = Value("ArrayOfOptionValue", "".join(
        f'<OptionValue><key>{escape(k)}</key><value xsi:type="xsd:string">{escape(v)}</value></OptionValue>'
        for k, v in options.items()))


def disk(number, vm_name, datastore):
    return device("VirtualDisk", 2000 + number, f"Hard disk {number + 1}",
                  '<backing xsi:type="VirtualDiskFlatVer2BackingInfo">'
                  f"<fileName>[{datastore.name}] {vm_name}/{vm_name}_{number}.vmdk</fileName>{datastore.reference('datastore')}"
                  "<diskMode>persistent</diskMode><thinProvisioned>true</thinProvisioned></backing>"
                  f"<controllerKey>1000</controllerKey><unitNumber>{number}</unitNumber><capacityInKB>41943040</capacityInKB>")


def network_card(number, network):
    return device("VirtualVmxnet3", 4000 + number, f"Network adapter {number + 1}",
                  f'<backing xsi:type="VirtualEthernetCardNetworkBackingInfo"><deviceName>{network.name}</deviceName>'
                  f"{network.reference('network')}</backing><connectable><startConnected>true</startConnected>"
                  "<allowGuestControl>true</allowGuestControl><connected>true</connected><status>ok</status></connectable>"
                  f"<controllerKey>100</controllerKey><unitNumber>{7 + number}</unitNumber><addressType>assigned</addressType>"
                  f"<macAddress>00:50:56:a0:00:{number:02x}</macAddress>")


SCSI_CONTROLLER = device("ParaVirtualSCSIController", 1000, "SCSI controller 0",
                         "<controllerKey>100</controllerKey><unitNumber>3</unitNumber><busNumber>0</busNumber>"
                         "<sharedBus>noSharing</sharedBus><scsiCtlrUnitNumber>7</scsiCtlrUnitNumber>")


class Estate:
    """All objects in the order in which they were made. Clusters are prod-1, prod-2 ..., each with its own hosts and VMs. Hosts
    of another site have other names and hardware UUIDs."""

    def __init__(self, clusters=1, hosts=4, vms=8, big=False, site="lab"):
        self.objects = []
        self.big = big
        self.site = site
        self.cpu_lists = [self.big_cpu_list(i) for i in range(DISTINCT_CPU_LISTS)] if big else []
        self.big_shared = None
        root = self.add("Folder", "group-d1")
        center = self.add("Datacenter", "datacenter-2")
        vm_folder, host_folder, store_folder, net_folder = (self.add("Folder", f"group-{m}") for m in ("v3", "h4", "s5", "n6"))
        self.fill_folder(root, "Datacenters", None, [center], "Folder", "Datacenter")
        root["effectiveRole"] = Value("ArrayOfInt", "<int>-2</int>")  # read-only, here and below
        center.properties |= {
            "name": string(site), "parent": reference(root), "vmFolder": reference(vm_folder),
            "hostFolder": reference(host_folder), "datastoreFolder": reference(store_folder),
            "networkFolder": reference(net_folder)}
        self.network = self.add("Network", "network-25")
        self.network.name = "VM Network"
        self.network.properties |= {"name": string(self.network.name), "parent": reference(net_folder)}
        self.stores = [self.make_store(store_folder, i) for i in range(2)]
        self.clusters = [self.make_cluster(host_folder, vm_folder, i, hosts, vms) for i in range(clusters)]
        self.hosts = [h for c in self.clusters for h in c.hosts]
        self.vms = [v for c in self.clusters for v in c.vms]
        for store in self.stores:
            store["host"] = Value("ArrayOfDatastoreHostMount", *(
                f"<DatastoreHostMount>{h.reference('key')}<mountInfo><path>/vmfs/volumes/{store.name}</path>"
                "<accessMode>readWrite</accessMode><mounted>true</mounted><accessible>true</accessible></mountInfo>"
                "</DatastoreHostMount>" for h in self.hosts))
        self.fill_folder(vm_folder, "vm", center, self.vms, "Folder", "VirtualMachine")
        self.fill_folder(host_folder, "host", center, self.clusters, "Folder", "ComputeResource")
        self.fill_folder(store_folder, "datastore", center, self.stores, "Folder", "Datastore")
        self.fill_folder(net_folder, "network", center, [self.network], "Folder", "Network")
        for part in PARTS:
            part.fill(self)

    def add(self, type_, moid):
        self.objects.append(Object(type_, moid))
        return self.objects[-1]

    @staticmethod
    def fill_folder(folder, name, parent, children, *child_types):
        folder["name"] = string(name)
        if parent:
            folder["parent"] = reference(parent)
        folder["childType"] = strings(*child_types)
        folder["childEntity"] = references(children)

    def make_store(self, folder, i):
        store = self.add("Datastore", f"datastore-{20 + i}")
        store.name = f"nfs-{i + 1:02}"
        store.mount = (store.name, f"nas01.{self.site}.example", f"/export/ds{i + 1}", 3)
        url = f"ds:///vmfs/volumes/{uuid.uuid5(NAMESPACE, store.name)}/"
        store.properties |= {
            "name": string(store.name), "parent": reference(folder), "summary.type": string("NFS"), "summary.url": string(url),
            "summary": Value(
                "DatastoreSummary", store.reference("datastore"), f"<name>{store.name}</name>",
                f"<url>{url}</url><capacity>10995116277760</capacity>",
                "<freeSpace>5497558138880</freeSpace><accessible>true</accessible><multipleHostAccess>true"
                "</multipleHostAccess><type>NFS</type><maintenanceMode>normal</maintenanceMode>"),
            "info": Value(
                "NasDatastoreInfo", f"<name>{store.name}</name><url>ds:///vmfs/volumes/{store.name}/</url>",
                "<freeSpace>5497558138880</freeSpace><maxFileSize>70368744177664</maxFileSize><nas><type>NFS</type>",
                f"<name>{store.name}</name><capacity>10995116277760</capacity><remoteHost>{store.mount[1]}</remoteHost>",
                f"<remotePath>{store.mount[2]}</remotePath></nas>")}
        return store

    def make_cluster(self, host_folder, vm_folder, i, hosts, vms):
        cluster = self.add("ClusterComputeResource", f"domain-c{7 + i * 100000}")
        pool = self.add("ResourcePool", f"resgroup-{8 + i * 100000}")
        cluster.name = f"prod-{i + 1}"
        cluster.hosts = [self.make_host(cluster, i, n, hosts) for n in range(hosts)]
        cluster.vms = [self.make_vm(cluster, vm_folder, pool, i, n) for n in range(vms)]
        pool.properties |= {"name": string("Resources"), "parent": reference(cluster), "owner": reference(cluster),
                            "vm": references(cluster.vms)}
        cluster.properties |= {
            "name": string(cluster.name), "parent": reference(host_folder), "resourcePool": reference(pool),
            "host": references(cluster.hosts), "datastore": references(self.stores), "network": references([self.network])}
        self.set_summary(cluster, len(cluster.hosts), len(cluster.vms))
        for host in cluster.hosts:
            host["vm"] = references([v for v in cluster.vms if v.host is host])
        return cluster

    @staticmethod
    def set_summary(cluster, hosts, vms):
        """The cluster's own counts. That totalVmCount counts templates and agent VMs too is a guess."""
        off = sum(v["runtime.powerState"].text == "poweredOff" for v in cluster.vms)
        cluster["summary"] = Value(
            "ClusterComputeResourceSummary", f"<totalCpu>{hosts * 83200}</totalCpu><totalMemory>{hosts << 39}</totalMemory>",
            f"<numCpuCores>{hosts * 32}</numCpuCores><numCpuThreads>{hosts * 64}</numCpuThreads>",
            f"<effectiveCpu>{hosts * 80000}</effectiveCpu><effectiveMemory>{hosts * 500000}</effectiveMemory>",
            f"<numHosts>{hosts}</numHosts><numEffectiveHosts>{hosts}</numEffectiveHosts><overallStatus>green</overallStatus>",
            "<numVmotions>7</numVmotions><usageSummary>",
            f"<totalCpuCapacityMhz>{hosts * 83200}</totalCpuCapacityMhz>",
            f"<totalMemCapacityMB>{hosts << 19}</totalMemCapacityMB><cpuReservationMhz>0</cpuReservationMhz>",
            "<memReservationMB>0</memReservationMB><cpuDemandMhz>1200</cpuDemandMhz><memDemandMB>65536</memDemandMB>",
            "<statsGenNumber>12</statsGenNumber><cpuEntitledMhz>1200</cpuEntitledMhz><memEntitledMB>65536</memEntitledMB>",
            f"<poweredOffVmCount>{off}</poweredOffVmCount><totalVmCount>{vms}</totalVmCount></usageSummary>",
            "<currentEVCModeKey>intel-broadwell</currentEVCModeKey>")

    def make_host(self, cluster, i, n, hosts):
        host = self.add("HostSystem", f"host-{10 + n + i * 100000}")
        number = i * hosts + n + 1
        host.name = f"esx{number:02}.{self.site}.example"
        host.uuid = str(uuid.uuid5(NAMESPACE, host.name))
        host.number = number
        host.properties |= {
            "name": string(host.name), "parent": reference(cluster),
            "runtime.connectionState": Value("HostSystemConnectionState", "connected"),
            "runtime.powerState": Value("HostSystemPowerState", "poweredOn"),
            "runtime.inMaintenanceMode": boolean(False),
            "hardware.systemInfo.uuid": string(host.uuid), "summary.hardware.uuid": string(host.uuid),
            "config.product.name": string("VMware ESXi"), "config.product.version": string("8.0.3"),
            "config.product.build": string("24022510"), "config.product.apiVersion": string("8.0.3.0"),
            "summary.currentEVCModeKey": string("intel-broadwell"), "summary.maxEVCModeKey": string("intel-icelake"),
            "datastore": references(self.stores), "network": references([self.network])}
        set_network(host, f"10.0.{i}.{10 + n}", f"10.1.{i}.{10 + n}")
        set_mounts(host, [s.mount for s in self.stores])
        if self.big:
            lists = self.cpu_lists[i % DISTINCT_CPU_LISTS], self.cpu_lists[(i + 2 * (n == 0)) % DISTINCT_CPU_LISTS]
            host["config.maskedFeatureCapability"], host["config.featureCapability"] = lists
        else:
            set_cpu(host, dict.fromkeys(CPU_FEATURES, 1), MASKED_OUT)
        return host

    @staticmethod
    def big_cpu_list(variant):
        return capabilities({f"FEATURE{n:03}": int(n % DISTINCT_CPU_LISTS != variant) for n in range(BIG_CPU_FEATURES)})

    def make_vm(self, cluster, folder, pool, i, n):
        vm = self.add("VirtualMachine", f"vm-{30 + n + i * 100000}")
        role = {5: "off", 6: "template", 7: "agent"}.get(n, "running") if not self.big else "running"
        agent = uuid.uuid5(NAMESPACE, f"agent {cluster.name}")
        vm.name = {"off": f"archive{i + 1:02}", "template": f"golden{i + 1:02}",
                   "agent": f"vCLS-{agent}"}.get(role, f"app{i + 1:02}-{n + 1:02}")
        vm.host = cluster.hosts[n % len(cluster.hosts)]
        vm.properties |= {
            "name": string(vm.name), "parent": reference(folder), "resourcePool": reference(pool),
            "runtime.host": reference(vm.host), "runtime.connectionState": Value("VirtualMachineConnectionState", "connected"),
            "runtime.powerState": Value("VirtualMachinePowerState", "poweredOn" if role in ("running", "agent") else "poweredOff"),
            "config.name": string(vm.name), "config.template": boolean(role == "template"),
            "datastore": references(self.stores[:1]), "network": references([self.network])}
        if role == "agent":
            vm["config.managedBy"] = Value("ManagedByInfo", "<extensionKey>com.vmware.vim.eam</extensionKey>"
                                           "<type>cluster-agent</type>")
        if self.big:
            self.fill_big_vm(vm)
        else:
            vm["config.hardware.device"] = Value("ArrayOfVirtualDevice", SCSI_CONTROLLER, disk(0, vm.name, self.stores[0]),
                                                 network_card(0, self.network))
            options = {"nvram": f"{vm.name}.nvram", "log.rotateSize": "2048000", "log.keepOld": "10",
                       "guestinfo.password": SETTING_SECRET}
            set_extra_config(vm, options | ({"HDCS.agent": "TRUE"} if role == "agent" else {}))
        return vm

    def fill_big_vm(self, vm):
        """20 devices and 40 settings; only the first disk's file name and one setting differ from VM to VM."""
        if not self.big_shared:
            before, after = disk(0, "\0", self.stores[0]).split("\0/\0")
            others = "".join(disk(n, "shared", self.stores[0]) for n in range(1, 10))
            cards = "".join(network_card(n, self.network) for n in range(BIG_DEVICES - 11))
            settings = "".join(f'<OptionValue><key>sched.setting{n:02}</key><value xsi:type="xsd:string">value {n}</value>'
                               "</OptionValue>" for n in range(BIG_EXTRA_CONFIG - 2))
            rotate = '<OptionValue><key>log.rotateSize</key><value xsi:type="xsd:string">2048000</value></OptionValue>'
            self.big_shared = before, after, others + cards, settings + rotate
        before, after, devices, settings = self.big_shared
        vm["config.hardware.device"] = Value("ArrayOfVirtualDevice", SCSI_CONTROLLER, before, f"{vm.name}/{vm.name}", after,
                                             devices)
        vm["config.extraConfig"] = Value(
            "ArrayOfOptionValue", settings, '<OptionValue><key>nvram</key><value xsi:type="xsd:string">', vm.name,
            ".nvram</value></OptionValue>")


def host_state(estate, state):
    estate.hosts[3]["runtime.connectionState"] = Value("HostSystemConnectionState", state)


def no_vmotion_vmknic(estate):
    set_network(estate.hosts[1], "10.0.0.11", "10.1.0.11", selected=False)


def vmotion_address(estate, address):
    set_network(estate.hosts[2], "10.0.0.12", address)


def without_aes(host):
    set_cpu(host, {k: int(k != "AES") for k in CPU_FEATURES}, MASKED_OUT)


def cpu_tie(estate):
    for host in estate.hosts[2:4]:
        without_aes(host)


def remount(estate, server=None, path=None, version=None):
    """Another spelling of the first share on the third host."""
    name, old_server, old_path, old_version = estate.stores[0].mount
    mount = name, server or old_server, path or old_path, version or old_version
    set_mounts(estate.hosts[2], [mount, estate.stores[1].mount])


def rotate_size(estate, text):
    set_extra_config(estate.vms[1], {"nvram": "x.nvram", "log.rotateSize": text, "log.keepOld": "10"})


def claims_agent(estate):
    set_extra_config(estate.vms[1], {"nvram": "x.nvram", "log.rotateSize": "1000", "HDCS.agent": "TRUE"})


def one_in_service(estate):
    for host in estate.hosts[1:4]:
        host["runtime.inMaintenanceMode"] = boolean(True)


def own_counts(estate, hosts=0, vms=0):
    summary = estate.clusters[0]["summary"]
    text = summary.text
    for tag, more in ("numHosts", hosts), ("totalVmCount", vms):
        text = re.sub(f"<{tag}>([0-9]+)<", lambda m, t=tag, n=more: f"<{t}>{int(m[1]) + n}<", text)
    estate.clusters[0]["summary"] = Value(summary.type, text)


def maintenance(estate):
    estate.hosts[3]["runtime.inMaintenanceMode"] = boolean(True)


def same_uuid(estate):
    for path in ("hardware.systemInfo.uuid", "summary.hardware.uuid"):
        estate.hosts[3][path] = string(estate.hosts[2].uuid)


def combined(estate):
    no_vmotion_vmknic(estate)
    without_aes(estate.hosts[3])
    remount(estate, server="nas01")
    rotate_size(estate, "1000")


# name: what it plants. In the first cluster: hosts esx01 to esx04, VMs app01-01 ...
BASE_DEFECTS = {
    "host-disconnected": lambda e: host_state(e, "disconnected"),
    "host-not-responding": lambda e: host_state(e, "notResponding"),
    "host-maintenance": maintenance,
    "host-without-others": one_in_service,
    "host-uuid-duplicate": same_uuid,
    "vmotion-vmknic-missing": no_vmotion_vmknic,
    "vmotion-vmknic-without-ip": lambda e: vmotion_address(e, ""),
    "vmotion-vmknic-loopback": lambda e: vmotion_address(e, "127.0.0.1"),
    "cpu-feature-missing": lambda e: without_aes(e.hosts[3]),
    "cpu-feature-tie": cpu_tie,
    "nfs-server-name": lambda e: remount(e, server="nas01"),
    "nfs-server-case": lambda e: remount(e, server=f"NAS01.{e.site}.example"),
    "nfs-server-address": lambda e: remount(e, server="10.2.0.5"),
    "nfs-path-trailing-slash": lambda e: remount(e, path="/export/ds1/"),
    "nfs-path-double-slash": lambda e: remount(e, path="/export//ds1"),
    "nfs-version": lambda e: remount(e, version=41),
    "nfs-unknown-type": lambda e: remount(e, server="NAS01", version="NFSv3"),
    "log-rotate-size-small": lambda e: rotate_size(e, "1000"),
    "log-rotate-size-text": lambda e: rotate_size(e, "2MB"),
    "log-rotate-size-huge": lambda e: rotate_size(e, "99999999999999999999"),
    "vm-claims-agent": claims_agent,
    "hosts-unlisted": lambda e: own_counts(e, hosts=2),
    "vms-unlisted": lambda e: own_counts(e, vms=5),
    "vms-in-excess": lambda e: own_counts(e, vms=-3),
    "combined": combined,
}
DEFECTS = BASE_DEFECTS | {name: plant for part in PARTS for name, plant in part.DEFECTS.items()}
