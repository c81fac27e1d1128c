# SPDX-License-Identifier: Apache-2.0
"""estate_vm.py - the estate's settings, devices and resources of virtual machines, as far as the checks read them."""

from vim import Value, boolean, device, string, strings

MIB = 1 << 20

CONTROLLERS = "".join(
    device(kind, key, label, f"<busNumber>{bus}</busNumber>") for kind, key, label, bus in (
        ("VirtualIDEController", 200, "IDE 0", 0), ("VirtualIDEController", 201, "IDE 1", 1),
        ("VirtualPS2Controller", 300, "PS2 controller 0", 0), ("VirtualPCIController", 100, "PCI controller 0", 0),
        ("VirtualSIOController", 400, "SIO controller 0", 0)))
INPUT_AND_VIDEO = (
    device("VirtualKeyboard", 600, "Keyboard", "<controllerKey>300</controllerKey><unitNumber>0</unitNumber>")
    + device("VirtualPointingDevice", 700, "Pointing device",
             '<backing xsi:type="VirtualPointingDeviceDeviceBackingInfo"><deviceName></deviceName><useAutoDetect>false'
             "</useAutoDetect><hostPointingDevice>autodetect</hostPointingDevice></backing><controllerKey>300</controllerKey>"
             "<unitNumber>1</unitNumber>")
    + device("VirtualMachineVideoCard", 500, "Video card", "<controllerKey>100</controllerKey><unitNumber>0</unitNumber>"
             "<videoRamSizeInKB>8192</videoRamSizeInKB><numDisplays>1</numDisplays><useAutoDetect>false</useAutoDetect>"
             "<enable3DSupport>false</enable3DSupport><use3dRenderer>automatic</use3dRenderer>"))


def connectable(connected):
    word = "true" if connected else "false"
    return (f"<connectable><startConnected>false</startConnected><allowGuestControl>true</allowGuestControl><connected>{word}"
            "</connected><status>ok</status></connectable>")


def cdrom(connected, backing="VirtualCdromRemotePassthroughBackingInfo"):
    name = "<exclusive>false</exclusive>" if backing.endswith("RemotePassthroughBackingInfo") else ""
    return device("VirtualCdrom", 3000, "CD/DVD drive 1",
                  f'<backing xsi:type="{backing}"><deviceName>cdrom0</deviceName><useAutoDetect>true</useAutoDetect>{name}'
                  f"</backing>{connectable(connected)}<controllerKey>200</controllerKey><unitNumber>0</unitNumber>")


def integer(type_, number):
    return Value(f"xsd:{type_}", str(number))


def set_allocation(vm, part, cpu=(0, -1), memory=(0, -1)):
    """Reservation and limit in MHz and MiB; part: resourceConfig is in effect, config is configured."""
    for name, (reservation, limit) in (("cpuAllocation", cpu), ("memoryAllocation", memory)):
        vm[f"{part}.{name}.reservation"], vm[f"{part}.{name}.limit"] = integer("long", reservation), integer("long", limit)


def fill_capacity(estate):
    capacity = {"summary.hardware.cpuMhz": integer("int", 2600), "summary.hardware.numCpuCores": integer("short", 32),
                "summary.hardware.memorySize": integer("long", 512 << 30)}
    for host in estate.hosts:
        host.properties |= capacity
    unreserved = {"runtime.cpu.unreservedForVm": integer("long", 60000), "runtime.memory.unreservedForVm": integer("long", 1 << 40)}
    for pool in (o for o in estate.objects if o.type == "ResourcePool"):
        pool.properties |= unreserved
    for number, vm in enumerate(estate.vms):
        vm["config.initialOverhead.initialMemoryReservation"] = integer("long", (90 + number % 50) * MIB)
        vm["config.memoryReservationLockedToMax"] = boolean(False)
        vm.properties.setdefault("config.hardware.memoryMB", integer("int", 8192))
        for part in "resourceConfig", "config":
            set_allocation(vm, part, memory=(1024 if number % 4 == 0 else 0, -1))


def fill(estate):
    """Properties of a healthy estate."""
    fill_capacity(estate)
    condition = {"runtime.consolidationNeeded": boolean(False), "runtime.toolsInstallerMounted": boolean(False),
                 "runtime.faultToleranceState": Value("VirtualMachineFaultToleranceState", "notConfigured"),
                 "config.latencySensitivity.level": Value("LatencySensitivitySensitivityLevel", "normal"),
                 "config.version": string("vmx-19")}
    running = strings("PowerOnVM_Task", "MakePrimaryVM_Task", "TerminateFaultTolerantVM_Task", "StartReplaying_Task")
    resting = strings("PowerOffVM_Task", "SuspendVM_Task", "ResetVM_Task", "RebootGuest", "ShutdownGuest", "StandbyGuest")
    for vm in estate.vms:
        is_on = vm["runtime.powerState"].text == "poweredOn"
        vm.properties |= condition | {"disabledMethod": running if is_on else resting,
                                      "config.files.vmPathName": string(f"[{estate.stores[0].name}] {vm.name}/{vm.name}.vmx")}
    if estate.big:  # its VMs have as many devices as the benchmark counts
        return
    for vm in estate.vms:
        add_device(vm, CONTROLLERS + INPUT_AND_VIDEO + cdrom(False))


def add_device(vm, xml):
    devices = vm["config.hardware.device"]
    vm["config.hardware.device"] = Value(devices.type, *devices.pieces, xml)


def change_devices(estate, old, new):
    """Other XML in the devices of app01-02."""
    devices = estate.vms[1]["config.hardware.device"]
    assert old in devices.text, old
    estate.vms[1]["config.hardware.device"] = Value(devices.type, devices.text.replace(old, new))


def passthrough(estate):
    add_device(estate.vms[1], device(
        "VirtualPCIPassthrough", 13000, "PCI device 0",
        '<backing xsi:type="VirtualPCIPassthroughDeviceBackingInfo"><deviceName>GP104</deviceName><useAutoDetect>false'
        "</useAutoDetect><id>0000:3b:00.0</id><deviceId>1bb1</deviceId><systemId>5f1e7a10</systemId><vendorId>4318</vendorId>"
        "</backing><controllerKey>100</controllerKey><unitNumber>18</unitNumber>"))


def serial_file(estate):
    add_device(estate.vms[1], device(
        "VirtualSerialPort", 9000, "Serial port 1",
        '<backing xsi:type="VirtualSerialPortFileBackingInfo"><fileName>[nfs-01] x/serial.out</fileName></backing>'
        f"{connectable(True)}<controllerKey>400</controllerKey><unitNumber>0</unitNumber><yieldOnPoll>true</yieldOnPoll>"))


def raw_mapping(estate):
    change_devices(estate, '<backing xsi:type="VirtualDiskFlatVer2BackingInfo">',
                   '<backing xsi:type="VirtualDiskRawDiskMappingVer1BackingInfo">')
    change_devices(estate, "<diskMode>persistent</diskMode><thinProvisioned>true</thinProvisioned>",
                   "<lunUuid>02000000006001405a0b1c2d3e4f5061728394a5b64c554e3031</lunUuid>"
                   "<deviceName>vml.02000000006001405a0b1c2d3e4f5061728394a5b64c554e3031</deviceName>"
                   "<compatibilityMode>physicalMode</compatibilityMode><diskMode>independent_persistent</diskMode>")


def limit(estate, *parts, cpu=(0, -1), memory=(0, -1)):
    for part in parts:
        set_allocation(estate.vms[1], part, cpu, memory)


def small_others(estate):
    """app01-02 reserves more than the hosts have that it isn't on."""
    for host in estate.hosts[:1] + estate.hosts[2:4]:
        host["summary.hardware.memorySize"] = integer("long", 256 << 30)
    limit(estate, "resourceConfig", "config", memory=(300 << 10, -1))


def over_promised(estate):
    pool = next(o for o in estate.objects if o.type == "ResourcePool")
    pool["runtime.memory.unreservedForVm"] = integer("long", -MIB)


def old_host(estate):
    host = estate.hosts[2]
    host["config.product.version"], host["config.product.build"] = string("7.0.1"), string("17551050")


def disable(estate, vm, *methods):
    vm["disabledMethod"] = strings("PowerOnVM_Task", *methods)


def set_property(path, value):
    """On app01-02."""
    def plant(estate):
        estate.vms[1][path] = value
    return plant


def question(estate):
    vm = estate.vms[1]
    text = "msg.hbacommon.outofspace:There is no more space for virtual disk app01-02.vmdk."
    vm["runtime.question"] = Value(
        "VirtualMachineQuestionInfo", f"<id>14</id><text>{text}</text><choice><choiceInfo xsi:type=\"ElementDescription\">"
        "<label>Retry</label><summary>Retry</summary><key>0</key></choiceInfo></choice>")
    vm["runtime.question.id"], vm["runtime.question.text"] = string("14"), string(text)


# name: what it plants, given an estate. In the first cluster: hosts esx01 to esx04, VMs app01-01 ...
DEFECTS = {
    "vm-drive-of-a-client": lambda e: change_devices(e, cdrom(False), cdrom(True)),
    "vm-drive-of-the-host": lambda e: change_devices(e, cdrom(False), cdrom(True, "VirtualCdromAtapiBackingInfo")),
    "vm-pci-passthrough": passthrough,
    "vm-serial-port-file": serial_file,
    "vm-bus-sharing": lambda e: change_devices(e, "noSharing", "virtualSharing"),
    "vm-bus-sharing-physical": lambda e: change_devices(e, "noSharing", "physicalSharing"),
    "vm-raw-mapping-physical": raw_mapping,
    "vm-hardware-too-new": set_property("config.version", string("vmx-22")),
    "vm-hardware-unknown": set_property("config.version", string("vmx-next")),
    "host-too-old": old_host,
    "vm-memory-limit-below-reservation": lambda e: limit(e, "resourceConfig", "config", memory=(4096, 2048)),
    "vm-memory-limit-below-size": lambda e: limit(e, "resourceConfig", "config", memory=(0, 2048)),
    "vm-limit-configured-alone": lambda e: limit(e, "config", memory=(0, 2048)),
    "vm-reservation-too-large": lambda e: limit(e, "resourceConfig", "config", cpu=(90000, -1)),
    "vm-memory-reservation-too-large": small_others,
    "pool-over-promised": over_promised,
    "vm-backup-lock": lambda e: disable(e, e.vms[1], "RelocateVM_Task"),
    "vm-template-lock": lambda e: disable(e, e.vms[6], "RelocateVM_Task"),
    "vm-orphaned": set_property("runtime.connectionState", Value("VirtualMachineConnectionState", "orphaned")),
    "vm-asks": question,
    "vm-tools-installing": set_property("runtime.toolsInstallerMounted", boolean(True)),
    "vm-pinned": set_property("config.cpuAffinity", Value("VirtualMachineAffinityInfo", "<affinitySet>0</affinitySet>"
                                                          "<affinitySet>1</affinitySet>")),
    "vm-memory-pinned": set_property("config.memoryAffinity", Value("VirtualMachineAffinityInfo", "<affinitySet>1</affinitySet>")),
    "vm-consolidation-needed": set_property("runtime.consolidationNeeded", boolean(True)),
    "vm-latency-sensitive": set_property("config.latencySensitivity.level",
                                         Value("LatencySensitivitySensitivityLevel", "high")),
}
