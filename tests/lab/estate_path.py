# SPDX-License-Identifier: Apache-2.0
"""estate_path.py - what the estate's hosts hear of the physical switches that they are connected to, and what is wrong with their uplinks."""

from vim import reference


def neighbor(device, leaf, port, mtu=9216, protocol="lldp"):
    """What a host hears of the switch port that its adapter is connected to."""
    if protocol == "cdp":
        heard = (f"<connectedSwitchPort><cdpVersion>2</cdpVersion><devId>{leaf}(FDO12345678)</devId><portId>{port}</portId><mtu>{mtu}</mtu>"
                 "</connectedSwitchPort>")
    else:
        heard = (f"<lldpInfo><chassisId>00:1c:73:00:00:{ord(leaf[-1]):02x}</chassisId><portId>{port}</portId><timeToLive>120</timeToLive><parameter>"
                 '<key>Management Address</key><value xsi:type="xsd:string">10.0.0.1</value></parameter><parameter><key>System Name</key>'
                 f'<value xsi:type="xsd:string">{leaf}</value></parameter></lldpInfo>')
    return f"<returnval><device>{device}</device>{heard}</returnval>"


def neighbors(number, **other):
    """Each host's adapters lead to two switches in turn, those of every second host the other way round; OTHER: (switch, port ...)."""
    places = {f"vmnic{i}": ("leaf-a" if (i + number) % 2 else "leaf-b", f"Ethernet{1 + i // 2}/{number}") for i in range(4)}
    return "".join(neighbor(device, *place) for device, place in (places | other).items() if place)


def fill(estate):
    """Properties of a healthy estate."""
    for host in estate.hosts:
        system = estate.add("HostNetworkSystem", f"networkSystem-{host.number}")
        system.methods["QueryNetworkHint"] = neighbors(host.number)
        host["configManager.networkSystem"] = reference(system)


def hears(estate, number, **other):
    system = next(o for o in estate.objects if o.moid == f"networkSystem-{number}")
    system.methods["QueryNetworkHint"] = neighbors(number, **other)


# name: what it plants, given an estate. In the first cluster: hosts esx01 to esx04.
DEFECTS = {
    "standby-uplink-elsewhere": lambda e: hears(e, 3, vmnic1=("leaf-c", "Ethernet1/3")),
    "standby-uplink-mtu": lambda e: hears(e, 3, vmnic1=("leaf-a", "Ethernet1/3", 1500, "cdp")),
    "standby-uplink-silent": lambda e: hears(e, 3, vmnic1=None),
}
