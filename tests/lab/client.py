#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""client.py - reads hosts, VMs, clusters and datastores with pyVmomi, a client that shares no code with this project.

usage: client.py URL[,URL]... CA-FILE [--opinion]. Prints every property asked for as JSON, sorted, so that servers can be
compared; with --opinion what the server says of moving its VMs to its hosts instead. Password: $LAB_PASSWORD.
"""

import json
import os
import ssl
import sys
import time
from urllib.parse import urlsplit

from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import VmomiSupport, vim, vmodl

PATHS = {
    vim.HostSystem: """name parent runtime.connectionState runtime.powerState runtime.inMaintenanceMode
        hardware.systemInfo.uuid summary.hardware.uuid config.network.vnic config.virtualNicManagerInfo.netConfig
        config.featureCapability config.maskedFeatureCapability config.fileSystemVolume.mountInfo config.product.version
        config.product.build config.product.apiVersion summary.currentEVCModeKey summary.rebootRequired
        runtime.inQuarantineMode runtime.standbyMode config.lockdownMode config.service.service config.dateTimeInfo
        hardware.cpuPkg hardware.numaInfo.numNodes hardware.numaInfo.numaNode summary.hardware.memorySize network
        config.network.vswitch config.network.portgroup config.network.pnic config.storageDevice.scsiLun
        config.storageDevice.multipathInfo.lun configManager.networkSystem config.firewall.ruleset""",
    vim.VirtualMachine: """name parent runtime.host runtime.powerState runtime.connectionState config.template
        config.extraConfig config.managedBy config.hardware.device config.hardware.memoryMB config.hardware.numCPU config.version
        config.cpuAffinity config.memoryAffinity config.latencySensitivity.level config.memoryAllocation.limit
        config.memoryAllocation.reservation config.cpuAllocation.reservation resourceConfig.memoryAllocation.limit
        resourceConfig.memoryAllocation.reservation resourceConfig.cpuAllocation.reservation runtime.minRequiredEVCModeKey
        runtime.featureRequirement runtime.question.id runtime.question.text runtime.toolsInstallerMounted
        runtime.consolidationNeeded disabledMethod network""",
    vim.ComputeResource: "name host summary configurationEx",
    vim.ResourcePool: "name runtime.memory.unreservedForVm",
    vim.Datastore: "name summary summary.type host",
}


def plain(value):
    if isinstance(value, vim.ManagedEntity):
        return f"{type(value).__name__}:{value._moId}"
    if isinstance(value, vmodl.DynamicData):
        members = {p.name: plain(getattr(value, p.name)) for p in value._GetPropertyList()}
        return {"xsi:type": type(value).__name__} | {k: v for k, v in members.items() if v not in (None, [])}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value if isinstance(value, (bool, int, str)) else str(value)


def pages(collector, spec):
    result = collector.RetrievePropertiesEx([spec], vmodl.query.PropertyCollector.RetrieveOptions(maxObjects=5))
    while result:
        yield from result.objects
        result = collector.ContinueRetrievePropertiesEx(result.token) if result.token else None


def task_info(collector, task):
    spec = vmodl.query.PropertyCollector
    return next(pages(collector, spec.FilterSpec(propSet=[spec.PropertySpec(type=vim.Task, pathSet=["info"])],
                                                 objectSet=[spec.ObjectSpec(obj=task)]))).propSet[0].val


def opinion(content, objects):
    """What the server's own check says, by VM and host."""
    task = content.vmProvisioningChecker.QueryVMotionCompatibilityEx(
        *([o for o in objects if isinstance(o, t)] for t in (vim.VirtualMachine, vim.HostSystem)))
    while (info := task_info(content.propertyCollector, task)).state in ("queued", "running"):
        time.sleep(0.05)
    if info.error:
        return type(info.error).__name__
    return {f"{r.vm._moId} {r.host._moId}": {
        kind: [[type(f).__name__, f.msg] for f in getattr(r, kind)] for kind in ("error", "warning")} for r in info.result}


def heard(host):
    """What a host hears of the physical switches; HOST as it was collected. The simulator answers for disconnected ones, too."""
    told = {p.name: p.val for p in host.propSet}
    if told.get("runtime.connectionState") != "connected" or "configManager.networkSystem" not in told:
        return None
    return plain(list(told["configManager.networkSystem"].QueryNetworkHint()))


def read(address, ca):
    url = urlsplit(address)
    context = ssl.create_default_context(cafile=ca)
    service = SmartConnect(host=url.hostname, port=url.port, user="user", pwd=os.environ["LAB_PASSWORD"], sslContext=context)
    collector_types = vmodl.query.PropertyCollector
    content = service.RetrieveContent()
    view = content.viewManager.CreateContainerView(content.rootFolder, list(PATHS), True)
    spec = collector_types.FilterSpec(
        propSet=[collector_types.PropertySpec(type=t, pathSet=p.split()) for t, p in PATHS.items()],
        objectSet=[collector_types.ObjectSpec(obj=view, skip=True, selectSet=[
            collector_types.TraversalSpec(name="view", type=vim.view.ContainerView, path="view", skip=False)])])
    estate, objects = {}, []
    for obj in pages(content.propertyCollector, spec):
        objects.append(obj.obj)
        refused = {m.path: type(m.fault).__name__ for m in obj.missingSet}
        estate[obj.obj._moId] = {p.name: plain(p.val) for p in obj.propSet} | ({"missing": refused} if refused else {})
        if isinstance(obj.obj, vim.HostSystem):
            estate[obj.obj._moId]["heard"] = heard(obj)
    if "--opinion" in sys.argv:
        estate = opinion(content, objects)
    view.DestroyView()
    Disconnect(service)
    return estate


def main():
    for address in sys.argv[1].split(","):
        json.dump(read(address, sys.argv[2]), sys.stdout, indent=1, sort_keys=True)


if __name__ == "__main__":
    main()
