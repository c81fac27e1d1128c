# SPDX-License-Identifier: Apache-2.0
"""estate_storage.py - the estate's datastores, file systems and LUNs, as far as the checks read them.

Beside the NFS datastores of estate.py: a VMFS on a Fibre Channel LUN that all hosts mount, a spare LUN over iSCSI for raw device
mappings, a local disk in each host, and a VMFS on that of the first host.
"""

import re
import uuid

from vim import Value, device, references, string

NAMESPACE = uuid.UUID("0c3a5b64-7d0f-4a57-9d0d-7d8a1f1f0b52")
GIB = 1 << 30

FC_LUN = "600a098038304a6b", "HostFibreChannelTargetTransport", 64
ISCSI_LUN = "60014055b0c9ffe2", "HostInternetScsiTargetTransport", 65


def naa(number):
    return f"naa.{number}{'0' * 8}{'7' * 8}"


def lun_uuid(number):
    return f"02000000{number}{'0' * 8}{'7' * 8}4c554e"


def lun_key(number):
    return f"key-vim.host.ScsiDisk-{lun_uuid(number)}"


def scsi_lun(number, local="false", state="ok", size=2048 * GIB):
    flag = f"<localDisk>{local}</localDisk>" if local else ""
    return (f'<ScsiLun xsi:type="HostScsiDisk"><deviceName>/vmfs/devices/disks/{naa(number)}</deviceName><deviceType>disk'
            f"</deviceType><key>{lun_key(number)}</key><uuid>{lun_uuid(number)}</uuid><canonicalName>{naa(number)}"
            f"</canonicalName><displayName>Disk ({naa(number)})</displayName><lunType>disk</lunType><vendor>LAB     </vendor>"
            f"<model>LUN             </model><operationalState>{state}</operationalState><capacity><blockSize>512</blockSize>"
            f"<block>{size // 512}</block></capacity><devicePath>/vmfs/devices/disks/{naa(number)}</devicePath>"
            f"<ssd>false</ssd>{flag}</ScsiLun>")


CD_DRIVE = ('<ScsiLun xsi:type="ScsiLun"><deviceName>/vmfs/devices/cdrom/mpx.vmhba0:C0:T4:L0</deviceName><deviceType>cdrom'
            "</deviceType><key>key-vim.host.ScsiLun-0005000000766d686261303a343a30</key><uuid>0005000000766d686261303a343a30"
            "</uuid><canonicalName>mpx.vmhba0:C0:T4:L0</canonicalName><lunType>cdrom</lunType>"
            "<operationalState>ok</operationalState></ScsiLun>")


def paths(number, states, transport="HostFibreChannelTargetTransport", lun=64):
    key = lun_key(number)
    listed = "".join(
        f"<path><key>key-vim.host.MultipathInfo.Path-vmhba{lun + i % 2}:C0:T{i // 2}:L1-{number}</key>"
        f"<name>vmhba{lun + i % 2}:C0:T{i // 2}:L1</name><pathState>{state}</pathState><state>{state}</state>"
        f"<isWorkingPath>{'true' if state == 'active' else 'false'}</isWorkingPath>"
        f"<adapter>key-vim.host.HostBusAdapter-vmhba{lun + i % 2}</adapter><lun>{key}</lun>"
        f'<transport xsi:type="{transport}">{TARGETS.get(transport, "")}</transport></path>' for i, state in enumerate(states))
    return (f"<HostMultipathInfoLogicalUnit><key>key-vim.host.MultipathInfo.LogicalUnit-{lun_uuid(number)}</key>"
            f"<id>{lun_uuid(number)}</id><lun>{key}</lun>{listed}"
            '<policy xsi:type="HostMultipathInfoLogicalUnitPolicy"><policy>VMW_PSP_RR</policy></policy>'
            "</HostMultipathInfoLogicalUnit>")


TARGETS = {"HostFibreChannelTargetTransport": "<portWorldWideName>5764824129059291137</portWorldWideName>"
                                              "<nodeWorldWideName>5764824129059291136</nodeWorldWideName>",
           "HostInternetScsiTargetTransport": "<iScsiName>iqn.2026-01.example.lab:array</iScsiName><iScsiAlias></iScsiAlias>"}
SHARED = scsi_lun(FC_LUN[0]) + scsi_lun(ISCSI_LUN[0])
SHARED_PATHS = (paths(FC_LUN[0], ["active", "active", "standby", "standby"], *FC_LUN[1:])
                + paths(ISCSI_LUN[0], ["active", "active"], *ISCSI_LUN[1:]))


def set_luns(host, luns=SHARED, lun_paths=SHARED_PATHS):
    local = f"5000c500{host.number:08x}"
    host["config.storageDevice.scsiLun"] = Value("ArrayOfScsiLun", CD_DRIVE, scsi_lun(local, "true", size=446 * GIB), luns)
    host["config.storageDevice.multipathInfo.lun"] = Value(
        "ArrayOfHostMultipathInfoLogicalUnit", paths(local, ["active"], "HostParallelScsiTargetTransport", 0), lun_paths)


def mount(host, name, mode="readWrite", accessible="true", more=""):
    told = f"<accessible>{accessible}</accessible>" if accessible else ""
    return (f"<DatastoreHostMount>{host.reference('key')}<mountInfo><path>/vmfs/volumes/{name}</path><accessMode>{mode}"
            f"</accessMode><mounted>true</mounted>{told}{more}</mountInfo></DatastoreHostMount>")


def add_vmfs(estate, moid, name, disk, hosts, local):
    store = estate.add("Datastore", moid)
    store.name = name
    volume = str(uuid.uuid5(NAMESPACE, name + estate.site))
    url = f"ds:///vmfs/volumes/{volume}/"
    folder = next(o for o in estate.objects if o.moid == "group-s5")
    store.properties |= {
        "name": string(name), "parent": Value("ManagedObjectReference", folder.moid, attributes=' type="Folder"'),
        "summary.type": string("VMFS"), "summary.url": string(url),
        "summary": Value("DatastoreSummary", store.reference("datastore"), f"<name>{name}</name><url>{url}</url>",
                         f"<capacity>{2048 * GIB}</capacity><freeSpace>{1024 * GIB}</freeSpace><accessible>true</accessible>",
                         f"<multipleHostAccess>{'false' if local else 'true'}</multipleHostAccess><type>VMFS</type>",
                         "<maintenanceMode>normal</maintenanceMode>"),
        "info": Value("VmfsDatastoreInfo", f"<name>{name}</name><url>{url}</url><freeSpace>{1024 * GIB}</freeSpace>",
                      "<maxFileSize>70368744177664</maxFileSize><vmfs><type>VMFS</type>",
                      f"<name>{name}</name><capacity>{2048 * GIB}</capacity><blockSizeMb>1</blockSizeMb>",
                      "<maxBlocks>63963136</maxBlocks><majorVersion>6</majorVersion><version>6.82</version>",
                      f"<uuid>{volume}</uuid><extent><diskName>{disk}</diskName><partition>1</partition></extent>",
                      f"<vmfsUpgradable>false</vmfsUpgradable><ssd>false</ssd><local>{'true' if local else 'false'}</local></vmfs>"),
        "host": Value("ArrayOfDatastoreHostMount", *(mount(h, volume) for h in hosts))}
    estate.stores.append(store)
    return store


def fill(estate):
    """Properties of a healthy estate."""
    shared = add_vmfs(estate, "datastore-40", "vmfs-01", naa(FC_LUN[0]), estate.hosts, False)
    local = add_vmfs(estate, "datastore-41", "local-01", naa(f"5000c500{1:08x}"), estate.hosts[:1], True)
    for host in estate.hosts:
        set_luns(host)
    for owner in estate.hosts + estate.clusters:
        owner["datastore"] = references([s for s in estate.stores if s is not local])
    estate.hosts[0]["datastore"] = references(estate.stores)
    estate.clusters[0]["datastore"] = references(estate.stores)
    for vm in estate.vms[2::8]:
        vm["datastore"] = references([estate.stores[0], shared])
    folder = next(o for o in estate.objects if o.moid == "group-s5")
    folder["childEntity"] = references(estate.stores)
    for store in estate.stores:
        store["summary.maintenanceMode"] = string("normal")


def remount(estate, store, **changes):
    """Another mount of the datastore on esx03."""
    old = estate.stores[store]["host"]
    key = estate.hosts[2].reference("key")
    estate.stores[store]["host"] = Value(old.type, *(
        mount(estate.hosts[2], estate.stores[store].name, **changes) if key in piece else piece for piece in old.pieces))


def unmount(estate, store, hosts):
    """The datastore isn't there any more on these hosts, by their own lists too."""
    gone = estate.stores[store]
    for host in hosts:
        old = gone["host"]
        gone["host"] = Value(old.type, *(p for p in old.pieces if host.reference("key") not in p))
        mine = host["datastore"]
        host["datastore"] = Value(mine.type, *(p for p in mine.pieces if f">{gone.moid}<" not in p))


def hide_host(estate):
    """nfs-02 doesn't list esx03, which lists it."""
    keep = estate.hosts[2]["datastore"]
    unmount(estate, 1, [estate.hosts[2]])
    estate.hosts[2]["datastore"] = keep


def set_maintenance(estate, word):
    store = estate.stores[1]
    store["summary.maintenanceMode"] = string(word)
    summary = store["summary"]
    store["summary"] = Value(summary.type, summary.text.replace("<maintenanceMode>normal<", f"<maintenanceMode>{word}<"))


def rename(estate, name):
    """vmfs-01 takes a name that nfs-01 has, or nearly so."""
    store = estate.stores[2]
    store["name"] = string(name)
    store["summary"] = Value(store["summary"].type, store["summary"].text.replace(">vmfs-01<", f">{name}<"))


def without_lun(estate):
    set_luns(estate.hosts[2], scsi_lun(FC_LUN[0]), paths(FC_LUN[0], ["active"] * 4))


def fc_paths(estate, *states):
    set_luns(estate.hosts[2], SHARED,
             (paths(FC_LUN[0], states) if states else "") + paths(ISCSI_LUN[0], ["active", "active"], *ISCSI_LUN[1:]))


def raw_mapping(estate, number):
    """app01-02 has a raw device mapping of that LUN."""
    vm = estate.vms[1]
    devices = vm["config.hardware.device"]
    vm["config.hardware.device"] = Value(devices.type, *devices.pieces, device(
        "VirtualDisk", 2009, "Hard disk 10", '<backing xsi:type="VirtualDiskRawDiskMappingVer1BackingInfo">'
        f"<fileName>[nfs-01] app01-02/rdm.vmdk</fileName>{estate.stores[0].reference('datastore')}"
        f"<lunUuid>{lun_uuid(number)}</lunUuid><deviceName>vml.{lun_uuid(number)}</deviceName>"
        "<compatibilityMode>virtualMode</compatibilityMode><diskMode>persistent</diskMode></backing>"
        "<controllerKey>1000</controllerKey><unitNumber>9</unitNumber><capacityInKB>41943040</capacityInKB>"))


def rdm_not_everywhere(estate):
    without_lun(estate)
    raw_mapping(estate, ISCSI_LUN[0])


def cd_image(estate):
    """app01-02 has an image in its drive that is on the first host's own disk."""
    vm = estate.vms[1]
    devices = vm["config.hardware.device"]
    vm["config.hardware.device"] = Value(devices.type, *devices.pieces, device(
        "VirtualCdrom", 3009, "CD/DVD drive 9", '<backing xsi:type="VirtualCdromIsoBackingInfo">'
        f"<fileName>[local-01] setup.iso</fileName>{estate.stores[3].reference('datastore')}</backing>"
        "<connectable><startConnected>true</startConnected><allowGuestControl>true</allowGuestControl><connected>true</connected>"
        "<status>ok</status></connectable><controllerKey>200</controllerKey><unitNumber>1</unitNumber>"))


def on_no_datastore(estate):
    """app01-02 names no datastore at all."""
    vm = estate.vms[1]
    vm["datastore"] = references([])
    devices = vm["config.hardware.device"].text
    vm["config.hardware.device"] = Value("ArrayOfVirtualDevice", re.sub(r'<datastore type="Datastore">[^<]*</datastore>', "", devices))


# name: what it plants, given an estate. In the first cluster: hosts esx01 to esx04, VMs app01-01 ...
DEFECTS = {
    "datastore-unused-not-mounted": lambda e: unmount(e, 1, [e.hosts[2]]),
    "datastore-not-mounted": lambda e: unmount(e, 0, [e.hosts[2]]),
    "datastore-on-one-host": lambda e: unmount(e, 2, e.hosts[1:]),
    "datastore-host-hidden": hide_host,
    "datastore-not-accessible": lambda e: remount(
        e, 1, accessible="false", more="<inaccessibleReason>PermanentDeviceLoss</inaccessibleReason>"),
    "datastore-access-untold": lambda e: remount(e, 1, accessible=""),
    "datastore-maintenance": lambda e: set_maintenance(e, "enteringMaintenance"),
    "datastore-read-only": lambda e: remount(e, 1, mode="readOnly"),
    "datastore-name-case": lambda e: rename(e, "NFS-01"),
    "datastore-name-number": lambda e: rename(e, "nfs-01 (1)"),
    "lun-not-seen": without_lun,
    "lun-path-dead": lambda e: fc_paths(e, "active", "dead", "standby", "dead"),
    "lun-path-single": lambda e: fc_paths(e, "active"),
    "lun-paths-all-dead": lambda e: fc_paths(e, "dead", "dead", "dead", "dead"),
    "lun-paths-untold": fc_paths,
    "lun-state-degraded": lambda e: set_luns(e.hosts[2], SHARED.replace(">ok<", ">degraded<", 1)),
    "vm-rdm-lun-missing": rdm_not_everywhere,
    "vm-image-on-local-datastore": cd_image,
    "vm-datastores-untold": on_no_datastore,
}
