# SPDX-License-Identifier: Apache-2.0
"""estate_cpu.py - the estate's processors and NUMA nodes, as far as the checks read them.

Hosts have two processors of 16 cores with two threads each, and 256 GiB at each of their two NUMA nodes.
"""

from vim import Value, reference, references, string

CORES, THREADS = 16, 32  # of a processor, which is a NUMA node
NODE_BYTES = 256 << 30
# What every processor has, whatever else a large estate's hosts differ in.
COMMON = ("Intel", "LM", "NX", "VMX")
# What VMs have been seen to require. Key names as featureRequirement spells them.
REQUIRED = ("3dnprefetch abm adx aes avx avx2 bmi1 bmi2 cmpxchg16b enfstrg f16c fma fsgsbase intel invpcid lahf64 lm movbe nx "
            "pcid pclmulqdq pdpe1gb popcnt rdrand rdseed rdtscp smap smep ss sse3 sse41 sse42 ssse3 xsave").split()
BIG_REQUIREMENTS = 60
# Keys, vendor and tiers: a choice. That tiers are consecutive is a guess, nothing depends on it.
EVC_MODES = [("intel-sandybridge", "intel", 3), ("intel-haswell", "intel", 5), ("intel-broadwell", "intel", 6),
             ("intel-skylake", "intel", 7), ("intel-icelake", "intel", 9), ("amd-zen", "amd", 7), ("amd-zen2", "amd", 8)]


def capability(key, value):
    return (f"<HostFeatureCapability><key>cpuid.{key}</key><featureName>cpuid.{key}</featureName><value>{value}</value>"
            "</HostFeatureCapability>")


def requirements(required):
    """The value of runtime.featureRequirement, of a mapping of keys to operations."""
    return Value("ArrayOfVirtualMachineFeatureRequirement", "".join(
        f"<VirtualMachineFeatureRequirement><key>{k}</key><featureName>{k}</featureName><value>{v}</value>"
        "</VirtualMachineFeatureRequirement>" for k, v in required.items()))


def set_requirements(vm, **changes):
    """What a running VM requires: REQUIRED, with CHANGES by the key's name; None leaves one out."""
    required = {k: v for k, v in (dict.fromkeys(REQUIRED, "Bool:Min:1") | changes).items() if v}
    vm["runtime.featureRequirement"] = requirements({f"cpuid.{k}": v for k, v in required.items()})


def packages(vendor):
    return Value("ArrayOfHostCpuPackage", *(
        f"<HostCpuPackage><index>{n}</index><vendor>{vendor}</vendor><hz>2600000000</hz><busHz>100000000</busHz>"
        f"<description>a processor of {vendor}</description>"
        + "".join(f"<threadId>{t}</threadId>" for t in range(n * THREADS, (n + 1) * THREADS))
        + "</HostCpuPackage>" for n in range(2)))


def numa_nodes(*nodes):
    """The value of hardware.numaInfo.numaNode; each node is (logical CPUs, bytes of memory)."""
    text, first = "", 0
    for number, (threads, size) in enumerate(nodes):
        cpus = "".join(f"<cpuID>{t}</cpuID>" for t in range(first, first + threads))
        text += (f"<HostNumaNode><typeId>{number}</typeId>{cpus}<memorySize>{size}</memorySize>"
                 f"<memoryRangeBegin>0</memoryRangeBegin><memoryRangeLength>{size}</memoryRangeLength></HostNumaNode>")
        first += threads
    return Value("ArrayOfHostNumaNode", text)


def set_numa(host, *nodes):
    host["hardware.numaInfo.numNodes"] = Value("xsd:int", str(len(nodes)))
    host["hardware.numaInfo.numaNode"] = numa_nodes(*nodes)


def fill(estate):
    """Properties of a healthy estate."""
    shared_packages, shared_nodes = packages("intel"), numa_nodes(*[(THREADS, NODE_BYTES)] * 2)
    for host in estate.hosts:
        host.properties |= {
            "hardware.cpuInfo.numCpuPackages": Value("xsd:short", "2"),
            "hardware.cpuInfo.numCpuCores": Value("xsd:short", str(2 * CORES)),
            "hardware.cpuInfo.numCpuThreads": Value("xsd:short", str(2 * THREADS)),
            "hardware.cpuPkg": shared_packages, "hardware.memorySize": Value("xsd:long", str(2 * NODE_BYTES)),
            "hardware.numaInfo.numNodes": Value("xsd:int", "2"), "hardware.numaInfo.numaNode": shared_nodes}
    if estate.big:
        share_common_features(estate)
    for i, cluster in enumerate(estate.clusters):
        fill_vms(estate, cluster, i)
    estate.service = {"capability.supportedEVCMode": Value("ArrayOfEVCMode", *(
        f"<EVCMode><label>{k}</label><summary>{k}</summary><key>{k}</key><vendor>{v}</vendor><track>{k}</track>"
        f"<vendorTier>{t}</vendorTier></EVCMode>" for k, v, t in EVC_MODES))}


def share_common_features(estate):
    """Gives the lists that many hosts share the features that every host has, each list once."""
    extra, made = "".join(capability(k, 1) for k in COMMON), {}
    for host in estate.hosts:
        for path in ("config.featureCapability", "config.maskedFeatureCapability"):
            value = host[path]
            host[path] = made.setdefault(id(value), (value, Value(value.type, *value.pieces, extra)))[1]


def big_requirements(variant, odd):
    """Sixty features that the hosts of a cluster have; odd: every second VM requires others."""
    numbers = [n for n in range(300) if n % 22 != variant][odd * BIG_REQUIREMENTS:][:BIG_REQUIREMENTS]
    return requirements({f"cpuid.FEATURE{n:03}": "Bool:Min:1" for n in numbers} | {"cpuid.lm": "Bool:Min:1"})


def fill_vms(estate, cluster, i):
    lists = [big_requirements(i % 22, odd) for odd in range(2)] if estate.big else []
    for n, vm in enumerate(cluster.vms):
        if vm["runtime.powerState"].text == "poweredOn":
            if estate.big:
                vm["runtime.featureRequirement"] = lists[n % 2]
            else:
                set_requirements(vm)
            vm["runtime.minRequiredEVCModeKey"] = string("intel-broadwell")
        vm["config.guestId"] = string("rhel8_64Guest")
        set_shape(vm, 4, 16384)


def set_shape(vm, vcpus, memory_mib):
    vm["config.hardware.numCPU"] = Value("xsd:int", str(vcpus))
    vm["config.hardware.memoryMB"] = Value("xsd:int", str(memory_mib))


def without(host, feature):
    """The host offers no such feature, behind EVC's mask or before it."""
    for path in ("config.featureCapability", "config.maskedFeatureCapability"):
        value = host[path]
        host[path] = Value(value.type, value.text.replace(capability(feature, 1), ""))


def empty(estate, host):
    """Moves what is on the host to the first one."""
    for vm in estate.vms:
        if vm.host is host:
            vm.host = estate.hosts[0]
            vm["runtime.host"] = reference(vm.host)
    host["vm"] = references([])
    estate.hosts[0]["vm"] = references([v for v in estate.vms if v.host is estate.hosts[0]])


def vt_missing(estate):
    without(estate.hosts[3], "VMX")
    empty(estate, estate.hosts[3])


def vendor(host, name):
    host["hardware.cpuPkg"] = packages(name)


def evc_off(estate):
    summary = estate.clusters[0]["summary"]
    summary.pieces = (summary.text.replace("<currentEVCModeKey>intel-broadwell</currentEVCModeKey>", ""),)
    for host in estate.clusters[0].hosts:
        del host.properties["summary.currentEVCModeKey"]
    for vm in estate.vms:
        vm.properties.pop("runtime.minRequiredEVCModeKey", None)


def small_nodes(host):
    set_numa(host, *[(THREADS // 2, NODE_BYTES // 2)] * 4)


def large_vm(estate):
    small_nodes(estate.hosts[3])
    set_shape(estate.vms[0], CORES - 4, 65536)


# name: what it plants, given an estate. In the first cluster: hosts esx01 to esx04, VMs app01-01 ...
DEFECTS = {
    "cpu-vendor": lambda e: vendor(e.hosts[3], "amd"),
    "cpu-vendor-unknown": lambda e: vendor(e.hosts[3], "unknown"),
    "cpu-vt-missing": vt_missing,
    "cpu-vt-unproven": lambda e: empty(e, e.hosts[3]),
    "cpu-nx-off": lambda e: without(e.hosts[3], "NX"),
    "cpu-long-mode-missing": lambda e: without(e.hosts[3], "LM"),
    "evc-off": evc_off,
    "evc-host-mode": lambda e: e.hosts[2].properties.update({"summary.currentEVCModeKey": string("intel-haswell")}),
    "evc-vm-above": lambda e: e.vms[1].properties.update({"runtime.minRequiredEVCModeKey": string("intel-skylake")}),
    "vm-cpu-feature": lambda e: set_requirements(e.vms[1], avx512f="Bool:Min:1", sha="Bool:Min:1"),
    "vm-cpu-number": lambda e: set_requirements(e.vms[1], numlevels="Num:Min:13"),
    "vm-cpu-operation": lambda e: set_requirements(e.vms[1], aes="Bool:Match:1"),
    "vm-cpu-untold": lambda e: e.vms[1].properties.update({"runtime.featureRequirement": requirements({})}),
    "numa-nodes": lambda e: small_nodes(e.hosts[3]),
    "numa-vm-large": large_vm,
}
