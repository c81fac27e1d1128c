# SPDX-License-Identifier: Apache-2.0
"""estate_mesh.py - an estate whose hosts are those of a running mesh lab: same addresses, adapters and TCP/IP stacks (mesh.sh)."""

from estate_network import netstacks, set_adapters, vmk
from estate_path import hears
from vim import string


def leaf(estate, host):
    """The switch that the host is plugged into, 1 or 2."""
    return 1 + (host.number > (len(estate.hosts) + 1) // 2)


def fit(estate, ipv6=False, second=False, stack=False, routed=False):
    """Renames the hosts to their management addresses, which need no DNS, and gives them the lab's adapters."""
    on = {"stack": "vmotion" if stack else "defaultTcpipStack"}
    for host in estate.hosts:
        last = host.number + 9
        network = 3 if routed and leaf(estate, host) == 2 else 1
        way = {"gateway": f"10.{network}.0.1"} if routed and not stack else {}
        first = vmk("vmk1", "" if ipv6 else f"10.{network}.0.{last}", six=(f"fd00:77::{last}/64",) if ipv6 else (), **on, **way)
        set_adapters(host, first, *([vmk("vmk2", f"10.2.0.{last}", **on)] if second else []),
                     vmotion=("vmk1", "vmk2") if second else ("vmk1",))
        hears(estate, host.number, vmnic0=(f"leaf-{leaf(estate, host)}", f"Ethernet1/{host.number}"))
        host.name = f"10.0.0.{last}"
        host["name"] = string(host.name)
        if routed and stack:
            host["config.network.netStackInstance"] = netstacks("10.0.0.1", f"10.{network}.0.1")
