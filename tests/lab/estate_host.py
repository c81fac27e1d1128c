# SPDX-License-Identifier: Apache-2.0
"""estate_host.py - the estate's state of hosts, and of their clusters, as far as the checks read them."""

from vim import Value, boolean, string

PERCENT, LEVEL = "ClusterFailoverResourcesAdmissionControlPolicy", "ClusterFailoverLevelAdmissionControlPolicy"


def services(running=True, policy="on"):
    rows = (("ntpd", "NTP Daemon", running, policy), ("ptpd", "PTP Daemon", False, "off"), ("TSM-SSH", "SSH", False, "off"),
            ("vpxa", "VMware vCenter Agent", True, "on"))
    return Value("ArrayOfHostService", "".join(
        f"<HostService><key>{key}</key><label>{label}</label><required>false</required><uninstallable>false</uninstallable>"
        f"<running>{str(runs).lower()}</running><policy>{when}</policy></HostService>" for key, label, runs, when in rows))


def date_time(servers, synchronized=True):
    """Members up to version 7.0.3, in the schema's order."""
    listed = "".join(f"<server>{s}</server>" for s in servers)
    return Value("HostDateTimeInfo", "<timeZone><key>UTC</key><name>UTC</name><description>UTC</description><gmtOffset>0</gmtOffset>"
                 f"</timeZone><systemClockProtocol>ntp</systemClockProtocol><ntpConfig>{listed}</ntpConfig><enabled>true</enabled>"
                 f"<serviceSync>{str(synchronized).lower()}</serviceSync>")


def set_config(cluster, drs="fullyAutomated", overrides="", admission=True, policy=PERCENT, ha=True):
    """The cluster's DRS and HA. drs: None is off; overrides: VMs with an automation level of their own, as XML."""
    wanted = {PERCENT: "<cpuFailoverResourcesPercent>25</cpuFailoverResourcesPercent>"
                       "<memoryFailoverResourcesPercent>25</memoryFailoverResourcesPercent><failoverLevel>1</failoverLevel>"
                       "<autoComputePercentages>true</autoComputePercentages>",
              LEVEL: "<failoverLevel>1</failoverLevel>"}[policy]
    cluster["configurationEx"] = Value(
        "ClusterConfigInfoEx", f"<dasConfig><enabled>{str(ha).lower()}</enabled><hostMonitoring>enabled</hostMonitoring>"
        f'<admissionControlPolicy xsi:type="{policy}">{wanted}</admissionControlPolicy>'
        f"<admissionControlEnabled>{str(admission).lower()}</admissionControlEnabled></dasConfig>",
        f"<drsConfig><enabled>{str(drs is not None).lower()}</enabled><enableVmBehaviorOverrides>true</enableVmBehaviorOverrides>"
        f"<defaultVmBehavior>{drs or 'fullyAutomated'}</defaultVmBehavior><vmotionRate>3</vmotionRate></drsConfig>", overrides)


def set_free(cluster, kind, values):
    """What HA has left, in the cluster's summary."""
    summary = cluster["summary"]
    body = summary.text.split("<admissionControlInfo")[0] if "<admissionControlInfo" in summary.text else None
    before, after = (body, summary.text.split("</admissionControlInfo>")[1]) if body else summary.text.split("<numVmotions>")
    if not body:
        after = "<numVmotions>" + after
    cluster["summary"] = Value(summary.type, before, f'<admissionControlInfo xsi:type="{kind}">{values}</admissionControlInfo>', after)


def free_percent(cluster, cpu, memory):
    set_free(cluster, "ClusterFailoverResourcesAdmissionControlInfo",
             f"<currentCpuFailoverResourcesPercent>{cpu}</currentCpuFailoverResourcesPercent>"
             f"<currentMemoryFailoverResourcesPercent>{memory}</currentMemoryFailoverResourcesPercent>")


def fill(estate):
    """Properties of a healthy estate."""
    running, clock = services(), date_time([f"ntp1.{estate.site}.example", f"ntp2.{estate.site}.example"])
    shared = {"summary.rebootRequired": boolean(False), "runtime.inQuarantineMode": boolean(False),
              "config.lockdownMode": Value("HostLockdownMode", "lockdownDisabled"), "config.service.service": running,
              "config.dateTimeInfo": clock}
    for host in estate.hosts:
        host.properties |= shared
    for cluster in estate.clusters:
        set_config(cluster)
        free_percent(cluster, 93, 81)


def build(estate, hosts, version, number):
    for host in estate.hosts[hosts]:
        host["config.product.version"] = string(version)
        host["config.product.build"] = string(number)


def only(estate, path, value):
    estate.hosts[3][path] = value


def override(estate):
    vm = estate.vms[2]
    set_config(estate.clusters[0], overrides=f"<drsVmConfig>{vm.reference('key')}<enabled>false</enabled></drsVmConfig>")


def rule(estate, hosts, kind="affineHostGroupName"):
    """app01-02 must run on these hosts of its cluster, or must not."""
    members, config = "".join(h.reference("host") for h in hosts), estate.clusters[0]["configurationEx"]
    estate.clusters[0]["configurationEx"] = Value(
        config.type, *config.pieces,
        '<rule xsi:type="ClusterVmHostRuleInfo"><key>7</key><enabled>true</enabled><name>licence</name><mandatory>true</mandatory>'
        f"<userCreated>true</userCreated><vmGroupName>licensed-vms</vmGroupName><{kind}>licensed-hosts</{kind}></rule>"
        f'<group xsi:type="ClusterVmGroup"><name>licensed-vms</name>{estate.vms[1].reference("vm")}</group>'
        f'<group xsi:type="ClusterHostGroup"><name>licensed-hosts</name>{members}</group>')


def level(estate):
    set_config(estate.clusters[0], policy=LEVEL)
    set_free(estate.clusters[0], "ClusterFailoverLevelAdmissionControlInfo", "<currentFailoverLevel>1</currentFailoverLevel>")


# name: what it plants, given an estate. In the first cluster: hosts esx01 to esx04, VMs app01-01 ...
DEFECTS = {
    "host-build": lambda e: build(e, slice(3, 4), "8.0.3", "24280767"),
    "host-major-version": lambda e: build(e, slice(3, 4), "7.0.3", "21424296"),
    "host-build-tie": lambda e: build(e, slice(2, 4), "8.0.2", "22380479"),
    "host-reboot-pending": lambda e: only(e, "summary.rebootRequired", boolean(True)),
    "host-quarantine": lambda e: only(e, "runtime.inQuarantineMode", boolean(True)),
    "host-standby-entering": lambda e: only(e, "runtime.standbyMode", string("entering")),
    "ntp-stopped": lambda e: only(e, "config.service.service", services(running=False)),
    "ntp-by-hand": lambda e: only(e, "config.service.service", services(policy="off")),
    "ntp-without-server": lambda e: only(e, "config.dateTimeInfo", date_time([])),
    "ntp-not-synchronized": lambda e: only(e, "config.dateTimeInfo", date_time([f"ntp1.{e.site}.example"], synchronized=False)),
    "ha-no-room": lambda e: free_percent(e.clusters[0], 93, 45),
    "ha-no-room-level": level,
    "ha-no-admission-control": lambda e: set_config(e.clusters[0], admission=False),
    "drs-off": lambda e: set_config(e.clusters[0], drs=None),
    "drs-partially-automated": lambda e: set_config(e.clusters[0], drs="partiallyAutomated"),
    "drs-override": override,
    "rule-must-stay": lambda e: rule(e, e.hosts[1:2]),
    "rule-must-not": lambda e: rule(e, e.hosts[2:3], "antiAffineHostGroupName"),
}
