#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clients_agree.py - compares a facts file with what pyVmomi and govc read of the same objects, as the probe files say.

The path language of probe files (agent/row.h) is read here once more, in other words, over trees that the clients made: what
they decoded, how they page and how they log in shares nothing with migready. Left out, because no object property fills them:
probes with `method:` and of other transports. Password: $LAB_PASSWORD.
"""

import argparse
import datetime
import fnmatch
import json
import os
import pathlib
import re
import sqlite3
import ssl
import subprocess
import sys
from urllib.parse import urlsplit

import yaml
from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import VmomiSupport, vim, vmodl

TARGET = "vc01"
SHOWN = 20  # differences
REFERENCE = "ManagedObjectReference"
TYPE = re.compile(r"\$(?:ref)?type$")


# ---- probes ----

def object_probes(folder):
    """Yields (object, tables) of every probe that asks for properties."""
    for path in sorted(folder.glob("*.yaml")):
        probe = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        if probe["transport"] == "vsphere" and "object" in probe:
            yield probe["object"], probe["tables"]


def columns_of(table):
    for name, spec in table["columns"].items():
        yield name, spec if isinstance(spec, dict) else {"path": spec}


def own_request(path):
    """The property that a path asks for, or None for a $ name."""
    return None if path.startswith(("$", "..")) or path == "." else re.match(r"/?([^:\[]*?)(?:\.\$|:|\[|$)", path)[1]


def paths_of(table):
    rows = table.get("rows")
    if rows:
        yield own_request(rows)
    for _, column in columns_of(table):
        request = own_request(column["path"])
        if request and (not rows or column["path"].startswith("/")):
            yield request


# ---- trees: maps with _typeName, lists, texts; absent values are left out ----

def text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def pyvmomi_tree(value):
    if isinstance(value, VmomiSupport.ManagedObject):
        return {"_typeName": REFERENCE, "type": VmomiSupport.GetWsdlName(type(value)), "value": value._moId}
    if isinstance(value, VmomiSupport.DataObject):
        members = {p.name: pyvmomi_tree(getattr(value, p.name)) for p in value._GetPropertyList()}
        kept = {k: v for k, v in members.items() if v is not None and v != []}
        return {"_typeName": VmomiSupport.GetWsdlName(type(value))} | kept
    if isinstance(value, list):
        return [pyvmomi_tree(v) for v in value]
    if isinstance(value, type):
        return VmomiSupport.GetWsdlName(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    return None if value is None else text(value)


def govc_tree(value):
    if isinstance(value, dict) and "_value" in value:
        return govc_tree(value["_value"] or [])
    if isinstance(value, dict):
        return {k: govc_tree(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [govc_tree(v) for v in value]
    return text(value)


def documents(stream):
    """JSON documents one after the other."""
    decoder = json.JSONDecoder()
    while stream := stream.lstrip():
        document, end = decoder.raw_decode(stream)
        yield document
        stream = stream[end:]


# ---- clients: {object of the probe: [(type, id, {property: tree})]} ----

def pyvmomi_read(options, wanted):
    url = urlsplit(options.url)
    context = ssl.create_default_context(cafile=options.ca)
    service = SmartConnect(host=url.hostname, port=url.port, user="user", pwd=os.environ["LAB_PASSWORD"], sslContext=context)
    content = service.RetrieveContent()
    kinds = vmodl.query.PropertyCollector
    estate = {}
    for name, paths in wanted.items():
        if name == "ServiceInstance" or name.startswith("content."):
            one = service if name == "ServiceInstance" else getattr(content, name.removeprefix("content."))
            kind, objects = type(one), kinds.ObjectSpec(obj=one)
        else:
            kind = VmomiSupport.GetWsdlType("urn:vim25", name)
            view = content.viewManager.CreateContainerView(content.rootFolder, [kind], True)
            objects = kinds.ObjectSpec(obj=view, skip=True, selectSet=[
                kinds.TraversalSpec(name="view", type=vim.view.ContainerView, path="view", skip=False)])
        spec = kinds.FilterSpec(propSet=[kinds.PropertySpec(type=kind, pathSet=sorted(paths))], objectSet=[objects])
        result = content.propertyCollector.RetrievePropertiesEx([spec], kinds.RetrieveOptions())
        estate[name] = [
            (VmomiSupport.GetWsdlName(type(o.obj)), o.obj._moId,
             {p.name: pyvmomi_tree(p.val) for p in o.propSet if p.val is not None})
            for o in (result.objects if result else [])]
    Disconnect(service)
    return estate


def govc_read(options, wanted):
    env = os.environ | {"GOVC_URL": options.url, "GOVC_USERNAME": "user", "GOVC_PASSWORD": os.environ["LAB_PASSWORD"],
                        "GOVC_TLS_CA_CERTS": options.ca, "GOVC_PERSIST_SESSION": "false"}

    def collect(*arguments):
        done = subprocess.run([options.govc, "object.collect", "-json", *arguments], env=env, check=True,
                              timeout=60, stdout=subprocess.PIPE, text=True)
        return list(documents(done.stdout))

    services = collect("-", "content")[0][0]["val"]
    estate = {}
    for name, paths in wanted.items():
        if name == "ServiceInstance" or name.startswith("content."):
            reference = {"type": "ServiceInstance", "value": "ServiceInstance"}
            if name.startswith("content."):
                reference = services[name.removeprefix("content.")]
            found = collect(f"{reference['type']}:{reference['value']}", *sorted(paths))
            answers = [{"obj": reference, "changeSet": found[0] if found else []}]
        else:
            answers = collect("-type", name, "/", *sorted(paths))
        estate[name] = [(a["obj"]["type"], a["obj"]["value"],
                         {c["name"]: govc_tree(c["val"]) for c in a["changeSet"] if c.get("val") is not None})
                        for a in answers]
    return estate


# ---- probe files over trees ----

def children(value, step):
    """The values that one step leads to."""
    name, every = step
    if name:
        if not isinstance(value, dict) or name not in value:
            return []
        value = value[name]
    items = value if isinstance(value, list) else [value]
    return items if every else items[:1]


def steps_of(path):
    return [(s.removesuffix("[]"), s.endswith("[]")) for s in re.split(r"[.:]", path) if s]


def split_root(path):
    """A path from the root: its property, and the steps below it."""
    request = own_request(path)
    rest = path.removeprefix("/")[len(request):]
    first = [("", True)] if rest.startswith("[]") else []
    return request, first + steps_of(rest.removeprefix("[]").lstrip(".:"))


def from_root(properties, path):
    request, steps = split_root(path)
    return ([properties[request]] if request in properties else []), steps


def scalar(value, what):
    """A text, or None where a structure stands."""
    if what == "$type":
        return value.get("_typeName") if isinstance(value, dict) else None
    if isinstance(value, dict) and value.get("_typeName", REFERENCE) == REFERENCE and "value" in value:
        return value["type"] if what == "$reftype" else value["value"]
    return value if isinstance(value, str) else None


def typed(value, kind):
    if value is None:
        return None
    if kind == "integer":
        return int(value) if re.fullmatch(r"-?\d+", value) else None
    if kind == "boolean":
        return {"true": 1, "1": 1, "false": 0, "0": 0}.get(value)
    if kind == "real":
        return float(value)
    return f"{TARGET}/{value}" if kind == "ref" else value


def column_value(column, obj, elements):
    path, kind = column["path"], column.get("type", "text")
    type_, moid, properties = obj
    if path in ("$ref", "$kind", "$target", "$via"):
        return {"$ref": f"{TARGET}/{moid}", "$kind": type_, "$target": TARGET, "$via": "vsphere"}[path]
    what = TYPE.search(path)
    what = what[0] if what else ""
    path = path.removesuffix(what)
    path = path if path in (".", "..") else re.sub(r"(?<=[^.])\.$", "", path)
    if elements and not path.startswith("/"):
        up = len(re.match(r"\.*", path)[0]) // 2
        values, steps = [elements[-1 - up]], steps_of(path.lstrip("."))
    else:
        values, steps = from_root(properties, path)
    for step in steps:
        values = [c for v in values for c in children(v, step)]
    texts = [t for t in (scalar(v, what) for v in values) if t is not None]
    if texts:
        return typed(",".join(texts), kind)
    unset = column.get("unset")
    return typed(unset, kind if kind != "ref" else "text") if not values or what else None


def rows_of(rows, properties):
    """Yields the elements of each row: one for every array that was entered, the innermost last."""
    def walk(value, steps, elements):
        if not steps:
            yield elements
            return
        for child in children(value, steps[0]):
            yield from walk(child, steps[1:], elements + [child] if steps[0][1] else elements)

    values, steps = from_root(properties, rows)
    for value in values:
        yield from walk(value, steps, [])


def kept(table, row):
    for name, globs in table.get("keep", {}).items():
        if row[name] is not None and not any(fnmatch.fnmatchcase(row[name].lower(), re.sub(r"\[\[:space:\]\]", "[ \t]", g).lower())
                                             for g in globs):
            return False
    return True


def table_rows(table, objects):
    """(rows of each object, by its id), as the probe file wants them."""
    expected = {}
    for obj in objects:
        found = expected.setdefault(f"{TARGET}/{obj[1]}", [])
        for elements in rows_of(table["rows"], obj[2]) if "rows" in table else [[]]:
            row = {name: column_value(column, obj, elements) for name, column in columns_of(table)}
            if not kept(table, row):
                continue
            if any(row[name] is None for name in table.get("keep", {})):
                row = {name: value if table["columns"][name] == "$ref" else None for name, value in row.items()}
            found.append(tuple(row.values()))
    return expected


# ---- facts ----

def stored_rows(db, name, table):
    names = [f'"{n}"' for n, _ in columns_of(table)]
    key = next(n for n, c in columns_of(table) if c["path"] == "$ref")
    stored = {}
    if table.get("set") == "true":
        link = {n for n, c in columns_of(table) if c["path"] in ("$ref", "$host")}
        query = ", ".join(("t." if n.strip('"') in link else "s.") + n for n in names)
        for (obj,) in db.execute(f'SELECT "{key}" FROM {name}'):
            stored[obj] = []
        rows = db.execute(f"SELECT t.\"{key}\", {query} FROM {name} AS t JOIN {name}_set AS s ON s.set_id = t.set_id")
    else:
        rows = db.execute(f'SELECT "{key}", {", ".join(names)} FROM {name}')
    for row in rows:
        stored.setdefault(row[0], []).append(row[1:])
    return stored


def moment(value):
    try:
        return datetime.datetime.fromisoformat(value.replace("Z", "+00:00")) if re.match(r"\d{4}-\d\d-\d\dT", value) else value
    except ValueError:
        return value


def comparable(rows):
    return sorted((tuple(moment(v) if isinstance(v, str) else v for v in row) for row in rows), key=repr)


def told(table, client):
    """Which columns the client can say. JSON of govc has no names of types; None: nor does it tell then what is kept."""
    says = [client != "govc" or not TYPE.search(c["path"]) for _, c in columns_of(table)]
    unsaid = {n for (n, _), say in zip(columns_of(table), says) if not say}
    return None if unsaid & table.get("keep", {}).keys() else says


def differences(name, table, expected, stored, client):
    says = told(table, client)
    if says is None:
        return
    expected, stored = ({o: [tuple(v for v, say in zip(r, says) if say) for r in rows] for o, rows in m.items()}
                        for m in (expected, stored))
    single = "rows" not in table
    for obj in sorted(expected.keys() | stored.keys()):
        theirs, ours = comparable(expected.get(obj, [])), comparable(stored.get(obj, []))
        if theirs != ours:
            yield f"{name}, {obj}: {client} has {theirs if single else only(theirs, ours)}, migready {ours if single else only(ours, theirs)}"
        elif table.get("set") == "true" and obj not in stored:
            yield f"{name}, {obj}: migready has no set"


def only(rows, others):
    return [r for r in rows if r not in others] or f"{len(rows)} rows"


def compare(options):
    probes = list(object_probes(options.probes))
    wanted = {}
    for obj, tables in probes:
        wanted.setdefault(obj, set()).update(p for t in tables.values() for p in paths_of(t))
    db = sqlite3.connect(f"file:{options.facts}?mode=ro", uri=True)
    filled = {name for name, in db.execute("SELECT tbl FROM run_filled WHERE object IS NULL")}
    problems, count = [], 0
    gaps = db.execute("SELECT DISTINCT tbl, object, reason FROM run_gap").fetchall()
    for client, read in (("pyVmomi", pyvmomi_read), ("govc", govc_read)):
        estate = read(options, wanted)
        for obj, tables in probes:
            for name, table in tables.items():
                if name not in filled:
                    problems.append(f"{name}: not filled: {[g for g in gaps if g[0] == name][:2]}")
                    continue
                stored = stored_rows(db, name, table)
                problems += differences(name, table, table_rows(table, estate[obj]), stored, client)
                rows = sum(map(len, stored.values()))
                count += rows
                if rows and options.seen:
                    with open(options.seen, "a", encoding="utf-8") as file:
                        print(name, file=file)
    problems += [f"{t}, {o}: a gap: {r}" for t, o, r in gaps if any(t in tables for _, tables in probes)]
    for problem in problems[:SHOWN]:
        print(problem)
    print(f"{sum(len(t) for _, t in probes)} tables, {count // 2} rows, two clients: {len(problems)} differences")
    return 1 if problems else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("probes", type=pathlib.Path)
    for name in ("url", "ca", "govc", "facts", "seen"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--tables", action="store_true", help="print the tables that are compared")
    parser.add_argument("--unseen", action="store_true", help="print those that were never seen with a row")
    options = parser.parse_args()
    names = [name for _, tables in object_probes(options.probes) for name in tables]
    if options.tables:
        print("\n".join(names))
    elif options.unseen:
        seen = set(pathlib.Path(options.seen).read_text(encoding="utf-8").split())
        print("\n".join(sorted(set(names) - seen)))
    else:
        sys.exit(compare(options))


if __name__ == "__main__":
    main()
