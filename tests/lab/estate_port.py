# SPDX-License-Identifier: Apache-2.0
"""estate_port.py - the hosts' own firewalls, as far as the checks read them."""

from vim import Value, boolean

RULESETS = ("sshServer", 22), ("vMotion", 8000), ("NFC", 902), ("nfs41Client", 0)
ANYBODY = "<allIp>true</allIp>"


def only(*addresses, networks=()):
    """The other side has one of these addresses, or is in one of these networks: (network, prefix length)."""
    return ("".join(f"<ipAddress>{a}</ipAddress>" for a in addresses)
            + "".join(f"<ipNetwork><network>{n}</network><prefixLength>{p}</prefixLength></ipNetwork>" for n, p in networks)
            + "<allIp>false</allIp>")


def rulesets(**changed):
    """What the host's firewall lets through; CHANGED: a ruleset's key, and None for off, or whom it allows."""
    def one(key, port):
        allowed = changed.get(key, ANYBODY)
        rules = "".join(f"<rule><port>{port}</port><direction>{way}</direction><portType>dst</portType><protocol>tcp</protocol></rule>"
                        for way in ("inbound", "outbound"))
        return (f"<HostFirewallRuleset><key>{key}</key><label>{key}</label><required>false</required>{rules}"
                f"<enabled>{str(allowed is not None).lower()}</enabled><allowedHosts>{allowed or ANYBODY}</allowedHosts></HostFirewallRuleset>")
    return Value("ArrayOfHostFirewallRuleset", *(one(key, port) for key, port in RULESETS))


def fill(estate):
    """Properties of a healthy estate."""
    shared = {"config.firewall.ruleset": rulesets(), "config.firewall.defaultPolicy.incomingBlocked": boolean(True),
              "config.firewall.defaultPolicy.outgoingBlocked": boolean(True)}
    for host in estate.hosts:
        host.properties |= shared


def third(estate, **changed):
    estate.hosts[2]["config.firewall.ruleset"] = rulesets(**changed)


# name: what it plants, given an estate. In the first cluster: hosts esx01 to esx04 with the addresses 10.0.0.10 and 10.1.0.10 ...
DEFECTS = {
    "vmotion-ruleset-off": lambda e: third(e, vMotion=None),
    "vmotion-ruleset-narrow": lambda e: third(e, vMotion=only("10.1.0.10", networks=[("10.1.0.12", 31)])),
    "nfc-ruleset-off": lambda e: third(e, NFC=None),
}
