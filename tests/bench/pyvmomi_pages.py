#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pyvmomi_pages.py URL CA REQUESTS - collects with pyVmomi what migready collected: same types, properties and size of pages.

REQUESTS is the simulator's log of one run of migready. Password: $LAB_PASSWORD.
"""

import json
import os
import re
import ssl
import sys
from urllib.parse import urlsplit

from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim, vmodl

PAGE = 100


def collections(path):
    """Yields type and property paths of each collection over a view."""
    with open(path, encoding="utf-8") as file:
        for request in map(json.loads, file):
            body = request["body"]
            if request["method"] == "RetrievePropertiesEx" and 'type="ContainerView"' in body:
                yield re.search("<propSet><type>([^<]*)", body)[1], re.findall("<pathSet>([^<]*)", body)


def main():
    url = urlsplit(sys.argv[1])
    context = ssl.create_default_context(cafile=sys.argv[2])
    service = SmartConnect(host=url.hostname, port=url.port, user="user", pwd=os.environ["LAB_PASSWORD"], sslContext=context)
    content = service.RetrieveContent()
    collector, kinds = content.propertyCollector, vmodl.query.PropertyCollector
    wanted = [(getattr(vim, name), paths) for name, paths in collections(sys.argv[3])]
    view = content.viewManager.CreateContainerView(content.rootFolder, [t for t, _ in wanted], True)
    count = 0
    for kind, paths in wanted:
        spec = kinds.FilterSpec(
            propSet=[kinds.PropertySpec(type=kind, pathSet=paths)],
            objectSet=[kinds.ObjectSpec(obj=view, skip=True, selectSet=[
                kinds.TraversalSpec(name="view", type=vim.view.ContainerView, path="view", skip=False)])])
        page = collector.RetrievePropertiesEx([spec], kinds.RetrieveOptions(maxObjects=PAGE))
        while page:
            count += len(page.objects)
            page = collector.ContinueRetrievePropertiesEx(page.token) if page.token else None
    Disconnect(service)
    print(count, "objects")


if __name__ == "__main__":
    main()
