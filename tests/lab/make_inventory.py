#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_inventory.py - writes an estate to a folder of files that the genuine vCenter simulator serves with -load."""

import argparse
import pathlib

import esxi_data
import estate_mesh
from estate import BASE_DEFECTS, DEFECTS, PARTS, Estate

HEAD = ('<ObjectContent xmlns="urn:vim25" xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">')

MESH = "ipv6", "second", "stack", "routed"


def write(estate, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for number, obj in enumerate(estate.objects):
        properties = "".join(f"<propSet><name>{p}</name>{v.xml()}</propSet>\n" for p, v in obj.properties.items())
        path = folder / f"{number:04}-{obj.type}-{obj.moid}.xml"
        path.write_text(f"{HEAD}{obj.reference('obj')}\n{properties}</ObjectContent>\n", encoding="utf-8")
        for method, returned in obj.methods.items():
            path = folder / f"{obj.type}-{obj.moid}" / f"{method}.xml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"{HEAD.replace('ObjectContent', 'MethodResponse')}{returned}</MethodResponse>\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path, nargs="?")
    parser.add_argument("--defect", action="append", default=[], choices=sorted(DEFECTS), metavar="NAME")
    parser.add_argument("--clusters", type=int, default=1)
    parser.add_argument("--hosts", type=int, default=4, help="of each cluster")
    parser.add_argument("--vms", type=int, default=8, help="of each cluster")
    parser.add_argument("--big", action="store_true", help="hosts with 300 CPU features, VMs with 20 devices and 40 settings")
    parser.add_argument("--mesh", type=pathlib.Path, metavar="FOLDER",
                        help="hosts as those of a mesh lab, whose own words go to this folder; see mesh.sh for the next four")
    for option in MESH:
        parser.add_argument(f"--{option}", action="store_true", help="with --mesh")
    parts = {"base": BASE_DEFECTS} | {p.__name__.removeprefix("estate_"): p.DEFECTS for p in PARTS}
    parser.add_argument("--list", metavar="PART", choices=[*parts, "all"], help="print the names of the defects")
    options = parser.parse_args()
    if options.list:
        print("\n".join(parts.get(options.list, DEFECTS)))
        return
    if not options.folder:
        parser.error("folder missing")
    estate = Estate(clusters=options.clusters, hosts=options.hosts, vms=options.vms, big=options.big)
    if options.mesh:
        estate_mesh.fit(estate, **{option: getattr(options, option) for option in MESH})
    for name in options.defect:
        DEFECTS[name](estate)
    write(estate, options.folder)
    if options.mesh:
        esxi_data.write(estate, options.mesh)


if __name__ == "__main__":
    main()
