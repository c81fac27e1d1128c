#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""fault_server.py - a scripted vCenter that misbehaves on request.

Serves an estate over the part of the vSphere API that collecting needs: session, container views, paged property
retrieval. It stands in for what the genuine simulator can't do. Prints its address when ready, ends on SIGTERM, logs every
request as a line of JSON (never a password). Faults: --list-faults; several may be given.
"""

import argparse
import gzip
import http.server
import ipaddress
import itertools
import json
import os
import re
import socket
import ssl
import struct
import sys
import threading
import time
import uuid
import xml.etree.ElementTree as ElementTree
import zlib
from xml.sax.saxutils import escape

import esxcli
import estate_mesh
from estate import DEFECTS, Estate
from vim import Object, Value, reference, string

VIM = "{urn:vim25}"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
HEAD = ('<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>\n')
TAIL = "\n</soapenv:Body></soapenv:Envelope>\n"
COOKIE = re.compile(r'vmware_soap_session="?([0-9a-f-]+)')
PAGE = 100  # objects, when the client names no size

PARENTS = {"ClusterComputeResource": ("ComputeResource", "ManagedEntity"), "HostSystem": ("ManagedEntity",),
           "VirtualMachine": ("ManagedEntity",), "Datastore": ("ManagedEntity",), "Folder": ("ManagedEntity",),
           "Datacenter": ("ManagedEntity",), "ResourcePool": ("ManagedEntity",), "Network": ("ManagedEntity",),
           "DistributedVirtualPortgroup": ("Network", "ManagedEntity"),
           "VmwareDistributedVirtualSwitch": ("DistributedVirtualSwitch", "ManagedEntity")}
# Properties of the schema that the estate leaves unset: neither a value nor an error.
UNSET = {"content.vmProvisioningChecker", "summary.currentEVCModeKey", "runtime.minRequiredEVCModeKey",
         "config.managedBy", "runtime.standbyMode", "parent", "effectiveRole", "runtime.question.id", "runtime.question.text",
         "config.cpuAffinity", "config.memoryAffinity"}
SERVICES = {"rootFolder": ("Folder", "group-d1"), "propertyCollector": ("PropertyCollector", "propertyCollector"),
            "viewManager": ("ViewManager", "ViewManager"), "authorizationManager": ("AuthorizationManager", "AuthorizationManager"), "sessionManager": ("SessionManager", "SessionManager"),
            "vmProvisioningChecker": ("VirtualMachineProvisioningChecker", "ProvChecker")}


class Fault(Exception):
    """A SOAP fault: its type, text, and the members of its detail."""

    def __init__(self, type_, text="", detail=""):
        super().__init__(type_)
        self.body = ("<soapenv:Fault><faultcode>ServerFaultCode</faultcode>"
                     f"<faultstring>{escape(text)}</faultstring><detail>"
                     f'<{type_}Fault xmlns="urn:vim25" xsi:type="{type_}">{detail}</{type_}Fault></detail></soapenv:Fault>')


class HangUp(Exception):
    """Ends the connection without another byte."""


class Reply:
    def __init__(self, body, status=200, type_="text/xml; charset=utf-8", headers=()):
        self.body = body.encode() if isinstance(body, str) else body
        self.status = status
        self.type = type_
        self.headers = dict(headers)
        self.stream = None  # an endless source of bytes, sent after body
        self.cut = None     # reset the connection after that many bytes


class Session:
    def __init__(self):
        self.key = str(uuid.uuid4())
        self.views = {}
        self.tokens = {}
        self.requests = 0


class Request:
    def __init__(self, handler, element):
        self.handler = handler
        self.server = handler.server
        self.element = element
        self.method = element.tag.removeprefix(VIM)
        match = COOKIE.search(handler.headers.get("Cookie", ""))
        self.session = self.server.sessions.get(match[1]) if match else None
        self.page = None  # which answer with properties this is, counted over all sessions
        self.asked = {}
        for wanted in element.iter(VIM + "propSet"):
            self.asked.setdefault(wanted.findtext(VIM + "type"), []).extend(e.text for e in wanted.findall(VIM + "pathSet"))

    def text(self, name, default=""):
        return self.element.findtext(VIM + name, default)

    def this(self):
        return self.text("_this")


def on_session(request):
    if not request.session:
        raise Fault("NotAuthenticated", "The session is not authenticated.",
                    '<object type="Folder">group-d1</object><privilegeId>System.View</privilegeId>')
    return request.session


def response(method, content=None):
    inner = "" if content is None else content
    return Reply(f'{HEAD}<{method}Response xmlns="urn:vim25">{inner}</{method}Response>{TAIL}')


def retrieve_service_content(request):
    server = request.server
    parts = {k: f'<{k} type="{t}">{m}</{k}>' for k, (t, m) in SERVICES.items()}
    checker = "" if server.has("no-checker") else parts["vmProvisioningChecker"]
    about = "".join(f"<{k}>{v}</{k}>" for k, v in server.about.items())
    return response(request.method, "<returnval>" + parts["rootFolder"] + parts["propertyCollector"] + parts["viewManager"]
                    + f"<about>{about}</about>" + parts["sessionManager"] + parts["authorizationManager"] + checker + "</returnval>")


def current_time(request):
    off = float(request.server.faults.get("clock-off") or 0)
    return response(request.method, f"<returnval>{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() + off))}</returnval>")


def query_date_time(request):
    on_session(request)
    if not request.this().startswith("dateTimeSystem-"):
        raise gone("HostDateTimeSystem", request.this())
    return current_time(request)


def query_network_hint(request):
    on_session(request)
    if request.this() not in request.server.objects:
        raise gone("HostNetworkSystem", request.this())
    return response(request.method, request.server.objects[request.this()].methods[request.method])


def login(request):
    server = request.server
    if (request.text("userName"), request.text("password")) != (server.options.user, server.password):
        raise Fault("InvalidLogin", "Cannot complete login due to an incorrect user name or password.")
    session = Session()
    server.sessions[session.key] = session
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    reply = response("Login", f"<returnval><key>{session.key}</key><userName>{escape(server.options.user)}</userName>"
                     f"<fullName>lab</fullName><loginTime>{now}</loginTime><lastActiveTime>{now}</lastActiveTime>"
                     "<locale>en</locale><messageLocale>en</messageLocale></returnval>")
    reply.headers["Set-Cookie"] = f'vmware_soap_session="{session.key}"; Path=/; HttpOnly; Secure'
    return reply


def logout(request):
    request.server.sessions.pop(on_session(request).key, None)
    return response("Logout")


def create_container_view(request):
    session = on_session(request)
    types = [e.text for e in request.element.findall(VIM + "type")]
    view = f"session[{session.key}]{uuid.uuid4()}"
    session.views[view] = [o for o in request.server.objects.values() if not types or is_a(o, types)]
    return response(request.method, f'<returnval type="ContainerView">{view}</returnval>')


def destroy_view(request):
    session = on_session(request)
    if session.views.pop(request.this(), None) is None:
        raise gone("ContainerView", request.this())
    return response(request.method)


def gone(type_, moid):
    return Fault("ManagedObjectNotFound", "The object has already been deleted or has not been completely created",
                 f'<obj type="{type_}">{escape(moid)}</obj>')


def is_a(obj, types):
    return obj.type in types or any(p in types for p in PARENTS.get(obj.type, ()))


def selected(request, spec):
    """The objects that the objectSets of a specSet name, in order."""
    for object_set in spec.findall(VIM + "objectSet"):
        obj = object_set.find(VIM + "obj")
        if obj.get("type") == "ContainerView":
            view = request.session.views.get(obj.text) if request.session else []
            if view is None:
                raise gone("ContainerView", obj.text)
            yield from view
        elif obj.text in request.server.objects:
            yield request.server.objects[obj.text]
        else:
            raise gone(obj.get("type"), obj.text)


def missing(path, type_, text, detail=""):
    return (f"<missingSet><path>{escape(path)}</path><fault><fault xsi:type=\"{type_}\">{detail}</fault>"
            f"<localizedMessage>{text}</localizedMessage></fault></missingSet>")


def property_set(request, obj, path):
    value = obj.properties.get(path)
    if not request.session:
        return missing(path, "NotAuthenticated", "The session is not authenticated.",
                       f'<object type="{obj.type}">{obj.moid}</object><privilegeId>System.View</privilegeId>')
    if request.server.denied(obj, path):
        return missing(path, "NoPermission", "Permission to perform this operation was denied.",
                       f'<object type="{obj.type}">{obj.moid}</object><privilegeId>System.Read</privilegeId>')
    return f"<propSet><name>{path}</name>{value.xml()}</propSet>" if value else ""


def object_content(request, obj, paths):
    if isinstance(obj, Task) and request.session:
        obj.look(request)
    values = [property_set(request, obj, p) for p in paths]
    values.sort(key=lambda v: v.startswith("<missingSet"))  # the schema has propSet before missingSet
    return f"<objects>{obj.reference('obj')}{''.join(values)}</objects>"


def check_paths(request, type_, paths):
    known = request.server.known.get(type_)
    for path in paths:
        if known and path not in known and path not in UNSET or path in request.server.removed:
            raise Fault("InvalidProperty", "", f"<name>{escape(path)}</name>")


def retrieve_properties_ex(request):
    specs = []
    for type_, paths in request.asked.items():
        check_paths(request, type_, paths)
    for spec in request.element.findall(VIM + "specSet"):
        for obj in selected(request, spec):
            paths = [p for t, ps in request.asked.items() if is_a(obj, (t,)) for p in ps]
            if paths:
                specs.append((obj, paths))
    size = int(request.element.findtext(f"{VIM}options/{VIM}maxObjects", PAGE))
    if size <= 0:
        raise Fault("InvalidArgument", "", "<invalidProperty>maxObjects</invalidProperty>")
    return page(request, specs, min(size, request.server.options.page_size))


def page(request, rest, size):
    now, later = rest[:size], rest[size:]
    token = ""
    if request.server.has("endless-token"):
        later = later or rest
    if later and request.session:
        name = str(uuid.uuid4())
        request.session.tokens[name] = later, size
        token = f"<token>{name}</token>"
    objects = [object_content(request, o, p) for o, p in now]
    return response(request.method, f"<returnval>{token}{''.join(objects)}</returnval>" if now else "")


def continue_retrieve_properties_ex(request):
    session = on_session(request)
    state = session.tokens.pop(request.text("token"), None)
    if not state:
        raise Fault("InvalidArgument", "", "<invalidProperty>token</invalidProperty>")
    return page(request, *state)


def cancel_retrieve_properties_ex(request):
    on_session(request).tokens.pop(request.text("token"), None)
    return response(request.method)


# What vCenter may say of a pair, by type of fault: error or warning, the fault's members, its text. {vm} and {host} are filled in.
OPINIONS = {
    "FeatureRequirementsNotMet": (
        "error", "<featureRequirement><key>cpuid.AVX2</key><featureName>cpuid.AVX2</featureName><value>Bool:Min:1</value>"
        "</featureRequirement>{vm}{host}",
        "The target host does not support the virtual machine's current hardware requirements."),
    "CannotAccessVmDevice": (
        "error", "<device>CD/DVD drive 1</device><backing>[local] tools.iso</backing><connected>true</connected>",
        "Device 'CD/DVD drive 1' uses backing '[local] tools.iso', which is not accessible."),
    "VMotionLinkCapacityLow": (
        "warning", "<atSourceHost>false</atSourceHost><failedHost>esx03</failedHost>{entity}<network>vMotion</network>",
        "The vMotion network of the host has a low capacity."),
}


def fault_xml(type_, tag, members, text):
    return (f'<{tag}><fault xsi:type="{type_}">{members}</fault><localizedMessage>{escape(text)}</localizedMessage></{tag}>')


def opinion(request, vm, host):
    """What the server says of moving app01-02 to esx03, as the fault opinion=TYPE has it; of other pairs nothing."""
    type_ = request.server.faults.get("opinion")
    if not type_ or (vm.name, host.number) != ("app01-02", 3):
        return ""
    tag, members, text = OPINIONS[type_]
    return fault_xml(type_, tag, members.format(vm=vm.reference("vm"), host=host.reference("host"),
                                                entity=host.reference("failedHostEntity")), text)


def check_result(request, vm, host):
    return f"<CheckResult>{vm.reference('vm')}{host.reference('host')}{opinion(request, vm, host)}</CheckResult>"


def references_of(request, tag, type_):
    found = []
    for element in request.element.findall(VIM + tag):
        if element.get("type") != type_:
            raise Fault("InvalidRequest", f"{tag}: {element.get('type')} instead of {type_}")
        if element.text not in request.server.objects:
            raise gone(type_, element.text)
        found.append(request.server.objects[element.text])
    return found


def query_vmotion_compatibility(request):
    session = on_session(request)
    server = request.server
    if server.has("no-checker"):
        raise Fault("ManagedObjectNotFound", "", f"<obj>{escape(request.this())}</obj>")
    vms, hosts = references_of(request, "vm", "VirtualMachine"), references_of(request, "host", "HostSystem")
    result = "".join(check_result(request, v, h) for v in vms for h in hosts
                     if not (server.has("pair-missing") and (v.name, h.number) == ("app01-02", 3)))
    task = Task(f"task-{next(server.task_numbers)}", session.key, int(server.faults.get("tasks-slow") or 1), result)
    server.objects[task.moid] = task
    return response(request.method, f'<returnval type="Task">{task.moid}</returnval>')


class Task(Object):
    """Runs until it was looked at often enough; endlessly with the fault tasks-hang, in vain with task-error=TYPE."""

    def __init__(self, moid, owner, looks, result):
        super().__init__("Task", moid)
        self.owner, self.looks, self.result = owner, looks, result

    def look(self, request):
        server = request.server
        self.looks -= 1
        state, end = "running", ""
        if self.looks < 0 and not server.has("tasks-hang"):
            type_ = server.faults.get("task-error")
            members = ('<object type="Folder">group-d1</object><privilegeId>Resource.HotMigrate</privilegeId>'
                       if type_ == "NoPermission" else "")
            state = "error" if server.has("task-error") else "success"
            end = (fault_xml(type_, "error", members, "The task failed.") if state == "error"
                   else f'<result xsi:type="ArrayOfCheckResult">{self.result}</result>')
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        order = ("<descriptionId>vm.check.ProvisioningChecker.queryVMotionCompatibilityEx</descriptionId>"
                 f"<state>{state}</state><cancelled>false</cancelled><cancelable>true</cancelable>")
        self["info"] = Value(
            "TaskInfo", f"<key>{self.moid}</key>{self.reference('task')}", order, end,
            '<reason xsi:type="TaskReasonUser"><userName>user</userName></reason>',
            f"<queueTime>{now}</queueTime><eventChainId>1</eventChainId>")


def cancel_task(request):
    on_session(request)
    request.server.objects.pop(request.this(), None)
    return response(request.method)


def host_of(request):
    host = request.server.objects.get(request.this().removeprefix("executer-"))
    if not host or host.type != "HostSystem":
        raise gone("HostSystem", request.this())
    if host.moid in request.server.silent:
        raise Fault("HostNotReachable", "Unable to communicate with the remote host")
    return host


def retrieve_managed_method_executer(request):
    on_session(request)
    return response(request.method, f'<returnval type="ReflectManagedMethodExecuter">executer-{host_of(request).moid}</returnval>')


def execute_soap(request):
    on_session(request)
    host, method = host_of(request), request.text("method")
    moid = "ha-cli-handler-" + "-".join(method.split(".")[2:-1])
    names = [e.findtext(VIM + "name") for e in request.element.findall(VIM + "argument")]
    if (request.text("moid"), request.text("version")) != (moid, "urn:vim25/5.0"):
        raise Fault("ManagedObjectNotFound", "", f'<obj type="ManagedObject">{escape(request.text("moid"))}</obj>')
    if names != sorted(set(names)):  # hosts want them in declared order
        raise Fault("InvalidArgument", "A specified parameter was not correct: argument", "<invalidProperty>argument</invalidProperty>")
    arguments = [(e.findtext(VIM + "name"), e.findtext(VIM + "val")) for e in request.element.findall(VIM + "argument")]
    return response(request.method, esxcli.execute(request.server, host, method, arguments))


METHODS = {
    "RetrieveManagedMethodExecuter": retrieve_managed_method_executer,
    "ExecuteSoap": execute_soap,
    "QueryVMotionCompatibilityEx_Task": query_vmotion_compatibility,
    "CancelTask": cancel_task,
    "RetrieveServiceContent": retrieve_service_content,
    "CurrentTime": current_time,
    "QueryDateTime": query_date_time,
    "QueryNetworkHint": query_network_hint,
    "Login": login,
    "Logout": logout,
    "CreateContainerView": create_container_view,
    "DestroyView": destroy_view,
    "RetrievePropertiesEx": retrieve_properties_ex,
    "ContinueRetrievePropertiesEx": continue_retrieve_properties_ex,
    "CancelRetrievePropertiesEx": cancel_retrieve_properties_ex,
}


def wait_for_end(request):
    """Answers nothing until the client has gone or the server ends."""
    connection = request.handler.connection
    while not request.server.ending.wait(0.1):
        connection.settimeout(0)
        try:
            if not connection.recv(1):
                break
        except (ssl.SSLWantReadError, BlockingIOError):
            pass
        except OSError:
            break
    raise HangUp


def before_login_hangs(request, _):
    if request.method == "Login":
        wait_for_end(request)


def before_hangs(request, page_number):
    """The PAGE-th page of properties (default 2) and later ones never come."""
    if "RetrievePropertiesEx" in request.method and request.page >= int(page_number or 2):
        wait_for_end(request)


def on_host(request, method, argument):
    """Is it METHOD, of the host that a fault is about: host-NUMBER, or any?"""
    return request.method == method and argument in ("", request.this().removeprefix("executer-"))


def no_settings(request):
    return Fault("NoPermission", "Permission to perform this operation was denied.",
                 f'<object type="HostSystem">{request.this().removeprefix("executer-")}</object><privilegeId>Host.Config.Settings'
                 "</privilegeId>")


def before_esxcli_refused(request, argument):
    """Nobody gets the executer of host-NUMBER (default: of any): no privilege Host.Config.Settings."""
    if on_host(request, "RetrieveManagedMethodExecuter", argument):
        raise no_settings(request)


def before_esxcli_denied(request, argument):
    """The executer of host-NUMBER (default: of any) refuses to be used."""
    if on_host(request, "ExecuteSoap", argument):
        raise no_settings(request)


def before_esxcli_hangs(request, argument):
    """esxcli on host-NUMBER (default: on any) never ends."""
    if on_host(request, "ExecuteSoap", argument):
        wait_for_end(request)


def esxcli_says(content):
    """A fault whose answers have CONTENT, as they are or made from the request."""
    def before(request, argument):
        if on_host(request, "ExecuteSoap", argument):
            return response(request.method, content)
        return None
    return before


def before_esxcli_huge(request, argument):
    """esxcli on host-NUMBER (default: on any) answers with 100 MB."""
    if not on_host(request, "ExecuteSoap", argument):
        return None
    row = escape("<DataObject><UID>" + "x" * 1000 + "</UID></DataObject>")
    return response(request.method, esxcli.result("<obj>").replace("</response>", row * (100_000_000 // len(row)) + "</response>"))


def before_unavailable(_, __):
    return Reply("503 Service Unavailable (Failed to connect to endpoint)", 503, "text/plain")


def before_proxy_page(_, __):
    return Reply("<!DOCTYPE html><html><head><title>Sign in</title></head><body><p>Sign in to continue.</body></html>",
                 type_="text/html")


def before_session_expires(request, count, again=False):
    """The session ends before its COUNT-th request (default 4); endlessly: every session does."""
    session = request.session
    if not session or request.method == "Logout":
        return
    with request.server.lock:
        session.requests += 1
        over = session.requests == int(count or 4) and (again or not request.server.expired)
        request.server.expired |= over
    if over or session.key not in request.server.sessions:
        request.server.sessions.pop(session.key, None)
        request.session = None


def before_sessions_expire(request, count):
    """Every session ends before its COUNT-th request (default 4)."""
    before_session_expires(request, count, again=True)


def before_slow(_, seconds):
    """Every answer comes after so many seconds (default 1)."""
    time.sleep(float(seconds or 1))


def before_slow_logout(request, seconds):
    """Logout is answered after so many seconds (default 1)."""
    if request.method == "Logout":
        time.sleep(float(seconds or 1))


def after_fault_in_page(request, _, type_):
    """Every page but an answer's first is a SOAP fault; with TYPE: the first of that type as well."""
    if request.method == "ContinueRetrievePropertiesEx" or type_ in request.asked:
        raise Fault("RuntimeFault", "A general system error occurred: database temporarily unavailable")


def after_truncated(_, reply, __):
    """The XML of properties ends in its middle, the HTTP answer does not."""
    reply.body = reply.body[:len(reply.body) * 2 // 3]


def after_malformed(_, reply, __):
    """A tag is closed by another."""
    reply.body = reply.body.replace(b"</name>", b"</nmae>", 1)


def after_reset(_, reply, __):
    """The connection is reset in the middle of an answer."""
    reply.cut = len(reply.body) // 2


def after_entity_bomb(_, reply, __):
    """A document type whose entities multiply."""
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    head = b'<?xml version="1.0" encoding="UTF-8"?>\n'
    name = re.compile(rb'(<val xsi:type="xsd:string">)[^<]*')
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "ten letters">{levels}]>\n'.encode()
    reply.body = head + bomb + name.sub(rb"\g<1>&e9;", reply.body.removeprefix(head), count=1)


def endless_objects(head):
    yield head[:head.rindex(b"</returnval>")]
    filler = b"".join(b'<objects><obj type="HostSystem">host-%d</obj><propSet><name>name</name>'
                      b'<val xsi:type="xsd:string">%s</val></propSet></objects>\n' % (900000 + n, b"x" * 4000) for n in range(16))
    while True:
        yield filler


def after_endless(_, reply, __):
    """One answer of objects that never ends."""
    reply.stream = endless_objects(reply.body)


def after_gzip_bomb(_, reply, __):
    """The same, compressed: little on the wire, much in memory."""
    def squeeze():
        z = zlib.compressobj(9, zlib.DEFLATED, 31)
        for chunk in endless_objects(reply.body):
            yield z.compress(chunk)
    reply.stream = squeeze()
    reply.headers["Content-Encoding"] = "gzip"


def prepare_hosts_hidden(server, _):
    """Every second host is invisible, though the clusters count it."""
    hide(server, "HostSystem")


def prepare_vms_hidden(server, _):
    """Every second VM is invisible, though the clusters count it."""
    hide(server, "VirtualMachine")


def prepare_cluster_hidden(server, _):
    """The cluster is invisible, its hosts and VMs aren't."""
    server.objects = {k: v for k, v in server.objects.items() if v.type != "ClusterComputeResource"}


def prepare_vm_adrift(server, _):
    """One VM more, on a host that is invisible."""
    vm = Object("VirtualMachine", "vm-99")
    vm.properties |= server.objects["vm-30"].properties
    vm["name"] = string("adrift")
    vm["runtime.host"] = reference(Object("HostSystem", "host-99"))
    server.objects[vm.moid] = vm


def prepare_no_root_role(server, _):
    """The account's rights begin below the root folder."""
    server.objects["group-d1"]["effectiveRole"].pieces = ("<int>-5</int>",)


def hide(server, type_):
    hidden = [o.moid for o in server.objects.values() if o.type == type_][1::2]
    for moid in hidden:
        del server.objects[moid]
    gone_references = re.compile("<ManagedObjectReference [^>]*>(?:" + "|".join(hidden) + ")</ManagedObjectReference>")
    for obj in server.objects.values():
        for value in obj.properties.values():
            if value.type == "ArrayOfManagedObjectReference":
                value.pieces = (gone_references.sub("", value.text),)


def prepare_no_permission(server, prefix):
    """Paths that begin with PREFIX (default config.) are refused on the second object of every type."""
    seen = {}
    for obj in server.objects.values():
        seen.setdefault(obj.type, []).append(obj)
    second = {objects[1].moid for objects in seen.values() if len(objects) > 1}
    server.denied = lambda obj, path: obj.moid in second and path.startswith(prefix or "config.")


def prepare_host_silent(server, argument):
    """host-silent=NUMBER: that host is connected, as vCenter has it, and answers nothing else; NUMBER+vms: nor do its VMs"""
    number, _, vms = argument.partition("+")
    silent = {o.moid for o in server.objects.values() if o.type == "HostSystem" and o.number == int(number)}
    guests = {o.moid for o in server.objects.values() if o.type == "VirtualMachine" and vms
              and any(m in o.properties["runtime.host"].text for m in silent)}
    known = {"name", "parent", "runtime.connectionState", "runtime.inMaintenanceMode", "runtime.host", "summary.hardware.uuid",
             "effectiveRole"}
    server.silent = silent
    server.denied = lambda obj, path: obj.moid in silent | guests and path not in known


def prepare_no_rights(server, _):
    """The user's role on the root folder is No Access, and it sees nothing below."""
    server.objects = {k: v for k, v in server.objects.items() if k in ("group-d1", "ServiceInstance")}
    server.objects["group-d1"]["effectiveRole"].pieces = ("<int>-5</int>",)


def prepare_old_server(server, path):
    """Property PATH (default config.maskedFeatureCapability) is newer than the server."""
    server.removed.add(path or "config.maskedFeatureCapability")


def prepare_no_checker(server, _):
    """There is no vmProvisioningChecker, as on ESXi."""
    del server.objects["ServiceInstance"].properties["content.vmProvisioningChecker"]


def prepare_opinion(_, __):
    """vCenter has a word of TYPE (see OPINIONS) to say of moving app01-02 to esx03."""


def prepare_pair_missing(_, __):
    """The answer about moving VMs leaves out app01-02 on esx03."""


def prepare_tasks_slow(_, __):
    """Tasks end when they were looked at so many times."""


def prepare_tasks_hang(_, __):
    """Tasks never end."""


def prepare_task_error(_, __):
    """Tasks end with a fault of TYPE."""


def prepare_endless_token(server, _):
    """Every page names another one."""


def on_properties(function):
    """FUNCTION, only for answers that carry properties."""
    def guarded(request, reply, argument):
        if "RetrievePropertiesEx" in request.method:
            function(request, reply, argument)
    guarded.__doc__ = function.__doc__
    return guarded


def prepare_role(server, argument):
    """role=ID: the account has this role instead of read-only, everywhere; ID@host-NUMBER: on that host"""
    role, _, moid = argument.partition("@")
    for obj in server.objects.values():
        if "effectiveRole" in obj.properties and (not moid or obj.moid == moid):
            obj["effectiveRole"] = Value("ArrayOfInt", f"<int>{role}</int>")


def prepare_clock_off(server, argument):
    """clock-off=SECONDS: the clocks of the server and its hosts are so far ahead"""


PREPARE = {"role": prepare_role, "clock-off": prepare_clock_off, "hosts-hidden": prepare_hosts_hidden, "vms-hidden": prepare_vms_hidden, "no-permission": prepare_no_permission,
           "host-silent": prepare_host_silent,
           "cluster-hidden": prepare_cluster_hidden, "vm-adrift": prepare_vm_adrift, "no-root-role": prepare_no_root_role,
           "no-rights": prepare_no_rights, "old-server": prepare_old_server, "endless-token": prepare_endless_token,
           "no-checker": prepare_no_checker, "opinion": prepare_opinion, "pair-missing": prepare_pair_missing,
           "tasks-slow": prepare_tasks_slow, "tasks-hang": prepare_tasks_hang, "task-error": prepare_task_error}
ESXCLI = {
    "esxcli-fault": (esxcli.fault("VimEsxCLICLIFault", "Unable to connect to the agent"), "esxcli on host-NUMBER (default: on any) fails."),
    "esxcli-garbage": (esxcli.result("Segmentation fault (core dumped)"), "It prints no XML."),
    "esxcli-truncated": (esxcli.result('<obj xsi:type="ArrayOfDataObject"><DataObject><Name>vm'), "Its XML ends in the middle."),
    "esxcli-doctype": (esxcli.result('<!DOCTYPE o [<!ENTITY e SYSTEM "file:///etc/passwd">]><obj><Name>&e;</Name></obj>'),
                       "Its XML has a document type."),
    "esxcli-empty": ("<returnval></returnval>", "It has nothing to say."),
}
for name, (content, about) in ESXCLI.items():
    ESXCLI[name] = esxcli_says(content)
    ESXCLI[name].__doc__ = about
BEFORE = {**ESXCLI, "esxcli-refused": before_esxcli_refused, "esxcli-denied": before_esxcli_denied,
          "esxcli-hangs": before_esxcli_hangs, "esxcli-huge": before_esxcli_huge, "login-hangs": before_login_hangs, "hangs": before_hangs, "unavailable": before_unavailable,
          "proxy-page": before_proxy_page, "session-expires": before_session_expires,
          "sessions-expire": before_sessions_expire, "slow": before_slow,
          "slow-logout": before_slow_logout}
AFTER = {name: on_properties(f) for name, f in {
    "fault-in-page": after_fault_in_page, "truncated": after_truncated, "malformed": after_malformed, "reset": after_reset,
    "entity-bomb": after_entity_bomb, "endless": after_endless, "gzip-bomb": after_gzip_bomb}.items()}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, options, estate):
        self.options = options
        self.password = os.environ.get("LAB_PASSWORD", "")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(options.cert, options.key)
        self.faults = dict(f.partition("=")[::2] for f in options.fault)
        self.about = {
            "name": "VMware vCenter Server", "fullName": "VMware vCenter Server 8.0.3 build-24022515", "vendor": "VMware, Inc.",
            "version": "8.0.3", "build": "24022515", "osType": "linux-x64", "productLineId": "vpx",
            "apiType": "VirtualCenter", "apiVersion": options.api_version, "instanceUuid": "0d7b7e0c-0000-4000-8000-000000000001"}
        self.objects = {o.moid: o for o in estate.objects}
        self.objects["ServiceInstance"] = Object("ServiceInstance", "ServiceInstance", **{
            "content.vmProvisioningChecker": reference(Object("VirtualMachineProvisioningChecker", "ProvChecker")),
            "content.about": Value("AboutInfo", *(f"<{k}>{v}</{k}>" for k, v in self.about.items())),
            **getattr(estate, "service", {}),
            **{f"content.about.{k}": string(v) for k, v in self.about.items()}})
        self.add_account()
        self.known = {}
        for obj in self.objects.values():
            for type_ in (obj.type, *PARENTS.get(obj.type, ())):
                self.known.setdefault(type_, set()).update(obj.properties)
        self.removed = set()
        self.task_numbers = itertools.count(101)
        self.sessions = {}
        self.expired = False
        self.adapters = None
        self.silent = set()
        self.pages = self.number = 0
        self.ending = threading.Event()
        self.lock = threading.Lock()
        self.log = open(options.log, "a", encoding="utf-8") if options.log else None
        for name, argument in self.faults.items():
            if name in PREPARE:
                PREPARE[name](self, argument)
        super().__init__(("127.0.0.1", options.port), Handler)

    def add_account(self):
        """Who is logged in, with which roles on each host, and who knows each host's clock."""
        roles = {-1: "Admin", -2: "ReadOnly", -3: "View", -5: "NoAccess", 1001: "migready-esxcli"}
        privileges = {-1: ("Anonymous", "View", "Read"), -2: ("Anonymous", "View", "Read"), -3: ("Anonymous", "View"), -5: (),
                      1001: ("Anonymous", "View", "Read")}
        self.objects["SessionManager"] = Object("SessionManager", "SessionManager", currentSession=Value(
            "UserSession", "<key>k</key>", f"<userName>LAB\\{escape(self.options.user)}</userName>"))
        self.objects["AuthorizationManager"] = Object("AuthorizationManager", "AuthorizationManager", roleList=Value(
            "ArrayOfAuthorizationRole",
            *(f"<AuthorizationRole><roleId>{role}</roleId><system>true</system><name>{name}</name>"
              + "".join(f"<privilege>System.{p}</privilege>" for p in privileges[role])
              + ("<privilege>Host.Config.Settings</privilege>" if role == 1001 else "") + "</AuthorizationRole>"
              for role, name in roles.items())))
        for host in [o for o in self.objects.values() if o.type == "HostSystem"]:
            host["effectiveRole"] = Value("ArrayOfInt", "<int>-2</int>")
            host["configManager.dateTimeSystem"] = reference(Object("HostDateTimeSystem", f"dateTimeSystem-{host.number}"))

    def vmkernel_addresses(self):
        """Who answers pings."""
        if self.adapters is None:
            self.adapters = {ipaddress.ip_address(address): a for o in self.objects.values() if o.type == "HostSystem"
                             for a in esxcli.adapters(o) for address in a.addresses}
        return self.adapters

    def has(self, fault):
        return fault in self.faults

    @staticmethod
    def denied(_obj, _path):
        return False

    def get_request(self):
        connection, address = super().get_request()
        return self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, _request, _address):
        """Clients that go away or refuse the certificate are part of the tests."""
        if not isinstance(sys.exc_info()[1], (OSError, HangUp)):
            super().handle_error(_request, _address)

    def next_page(self):
        with self.lock:
            self.pages += 1
            return self.pages

    def record(self, **fields):
        with self.lock:
            self.number += 1
            if self.log:
                print(json.dumps({"n": self.number, **fields}), file=self.log, flush=True)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format, *args):
        pass

    def handle(self):
        try:
            super().handle()
        except (OSError, HangUp):
            self.close_connection = True

    def do_GET(self):
        self.server.record(method="GET", path=self.path, headers=str(self.headers))
        reply = None
        for name in ("unavailable", "proxy-page"):
            reply = reply or (BEFORE[name](self, "") if self.server.has(name) else None)
        if not reply and self.path == "/sdk/vimServiceVersions.xml":
            reply = Reply('<?xml version="1.0" encoding="UTF-8" ?>\n<namespaces version="1.0"><namespace><name>urn:vim25</name>'
                          f"<version>{self.server.options.api_version}</version><priorVersions><version>7.0.3.0</version>"
                          "<version>6.7</version><version>6.5</version></priorVersions></namespace></namespaces>")
        self.send(reply or Reply("not found", 404, "text/plain"))

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        element = ElementTree.fromstring(body).find(".//{http://schemas.xmlsoap.org/soap/envelope/}Body")[0]
        request = Request(self, element)
        started = time.monotonic()
        request.page = self.server.next_page() if "RetrievePropertiesEx" in request.method else None
        self.server.record(
            method=request.method, asked=request.asked, page=request.page, user=request.text("userName") or None,
            version=self.headers.get("SOAPAction"), max_objects=request.element.findtext(f"{VIM}options/{VIM}maxObjects"),
            token=request.text("token") or None, headers=str(self.headers), body=without_password(body))
        reply = self.answer(request)
        self.send(reply)
        if self.server.options.verbose:
            print(f"{request.method}: {len(reply.body)} bytes, {time.monotonic() - started:.3f} s", file=sys.stderr)

    def answer(self, request):
        faults = self.server.faults.items()
        try:
            for name, argument in faults:
                reply = BEFORE[name](request, argument) if name in BEFORE else None
                if reply:
                    return reply
            if request.method not in METHODS:
                raise Fault("MethodNotFound", f"no method {request.method}", f"<method>{escape(request.method)}</method>")
            reply = METHODS[request.method](request)
            for name, argument in faults:
                if name in AFTER:
                    AFTER[name](request, reply, argument)
            return reply
        except Fault as fault:
            return Reply(HEAD + fault.body + TAIL, 500)

    def send(self, reply):
        if not reply.stream and len(reply.body) > 1024 and "gzip" in self.headers.get("Accept-Encoding", "") \
                and not self.server.options.plain:
            reply.body = gzip.compress(reply.body, 1)
            reply.cut = reply.cut and len(reply.body) // 2
            reply.headers["Content-Encoding"] = "gzip"
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.type)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.stream:
            self.send_stream(reply.stream)
            return
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body[:reply.cut])
        if reply.cut:
            linger = struct.pack("ii", 1, 0)  # closing is then a reset
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            os.close(self.connection.detach())
            raise HangUp

    def send_stream(self, stream):
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        sent = 0
        for chunk in stream:
            if chunk:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                sent += len(chunk)
            if sent > 10 << 30 or self.server.ending.is_set():
                break
        raise HangUp


def without_password(body):
    """The request as text; what the password element holds is left out, nothing else, so that leaks elsewhere show."""
    return re.sub(r"(<(?:\w+:)?password\b[^>]*>)[^<]*", r"\1", body.decode(errors="replace"))


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog="The password that Login accepts is $LAB_PASSWORD.")
    parser.add_argument("--cert", help="certificate, PEM")
    parser.add_argument("--key", help="its key, PEM")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--user", default="user")
    parser.add_argument("--log", help="file for a line of JSON per request")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME[=ARGUMENT]")
    parser.add_argument("--list-faults", action="store_true")
    parser.add_argument("--defect", action="append", default=[], choices=sorted(DEFECTS), metavar="NAME")
    parser.add_argument("--clusters", type=int, default=1)
    parser.add_argument("--mesh", action="store_true", help="its hosts are those of a mesh lab of 4")
    parser.add_argument("--site", default="lab", help="part of the hosts' names, and of their hardware UUIDs")
    parser.add_argument("--model", choices=("small", "big"), default="small",
                        help="big: 20 clusters, 1,000 hosts, 10,000 VMs with 20 devices and 40 settings each")
    parser.add_argument("--page-size", type=int, default=PAGE, help="the most objects that a page has, whatever is asked for")
    parser.add_argument("--api-version", default="8.0.3.0")
    parser.add_argument("--plain", action="store_true", help="never compress")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    known = {**PREPARE, **BEFORE, **AFTER}
    if options.list_faults:
        for name, function in known.items():
            print(f"{name:16} {(function.__doc__ or '').strip()}")
        sys.exit(0)
    unknown = [f for f in options.fault if f.partition("=")[0] not in known]
    if unknown:
        parser.error(f"unknown fault: {unknown[0]}")
    if not options.cert or not options.key:
        parser.error("--cert and --key are needed")
    return options


def main():
    options = parse_options()
    size = {"clusters": 20, "hosts": 50, "vms": 500, "big": True} if options.model == "big" else {"clusters": options.clusters}
    estate = Estate(site=options.site, **size)
    if options.mesh:
        estate_mesh.fit(estate)
    for name in options.defect:
        DEFECTS[name](estate)
    server = Server(options, estate)
    print(f"https://127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        pass
    finally:
        server.ending.set()


if __name__ == "__main__":
    main()
