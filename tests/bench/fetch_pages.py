#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""fetch_pages.py URL CA REQUESTS - what a client must spend at the least: the same pages, read and thrown away.

REQUESTS is the scripted server's log of one run of migready. Its requests are sent again over one connection, less those
that only continue an answer: those follow from the tokens that come back. Password: $LAB_PASSWORD.
"""

import http.client
import json
import os
import re
import ssl
import sys
import zlib
from urllib.parse import urlsplit

HEAD = 2048  # bytes of an answer that hold its token
VIEW = re.compile(r'(?<=<obj type="ContainerView">)[^<]*')
CONTINUE = ('<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><ContinueRetrievePropertiesEx '
            'xmlns="urn:vim25"><_this type="PropertyCollector">propertyCollector</_this><token>{}</token>'
            "</ContinueRetrievePropertiesEx></e:Body></e:Envelope>")


class Client:
    def __init__(self, url, ca):
        self.connection = http.client.HTTPSConnection(url.hostname, url.port, context=ssl.create_default_context(cafile=ca))
        self.headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": "urn:vim25/8.0.3.0", "Accept-Encoding": "gzip"}

    def post(self, body):
        """Sends a request; gives the beginning of the answer."""
        self.connection.request("POST", "/sdk", body.encode(), self.headers)
        answer = self.connection.getresponse()
        data = answer.read()
        if answer.status != 200:
            sys.exit(f"fetch_pages.py: HTTP {answer.status}: {data[:400]!r}")
        if answer.headers["Set-Cookie"]:
            self.headers["Cookie"] = answer.headers["Set-Cookie"].partition(";")[0]
        if answer.headers["Content-Encoding"] == "gzip":
            data = zlib.decompressobj(31).decompress(data, HEAD)
        return data[:HEAD].decode()


def main():
    client = Client(urlsplit(sys.argv[1]), sys.argv[2])
    view = None
    with open(sys.argv[3], encoding="utf-8") as file:
        requests = [r for r in map(json.loads, file) if r["method"] not in ("GET", "ContinueRetrievePropertiesEx")]
    for request in requests:
        body = request["body"]
        if request["method"] == "Login":
            body = re.sub(r"(<password>)(</password>)", rf"\g<1>{os.environ['LAB_PASSWORD']}\2", body)
        head = client.post(VIEW.sub(lambda _: view, body) if view else body)
        if request["method"] == "CreateContainerView":
            view = re.search(r'<returnval type="ContainerView">([^<]*)', head)[1]
        while token := re.search("<token>([^<]*)</token>", head):
            head = client.post(CONTINUE.format(token[1]))


if __name__ == "__main__":
    main()
