# SPDX-License-Identifier: Apache-2.0
"""vim.py - objects, properties and values as the vSphere API encodes them; shared by the parts of the estate."""

from xml.sax.saxutils import escape


class Value:
    """A property's value: its xsi:type, and XML in pieces, so that big objects share what they have in common."""

    def __init__(self, type_, *pieces, attributes=""):
        self.type = type_
        self.pieces = pieces
        self.attributes = attributes

    def xml(self):
        return f'<val xsi:type="{self.type}"{self.attributes}>{"".join(self.pieces)}</val>'

    @property
    def text(self):
        return "".join(self.pieces)


class Object:
    def __init__(self, type_, moid, **properties):
        self.type = type_
        self.moid = moid
        self.properties = {k.replace("__", "."): v for k, v in properties.items()}
        self.methods = {}  # what they return, as XML

    def __getitem__(self, path):
        return self.properties[path]

    def __setitem__(self, path, value):
        self.properties[path] = value

    def reference(self, tag):
        return f'<{tag} type="{self.type}">{self.moid}</{tag}>'


def string(text):
    return Value("xsd:string", escape(text))


def boolean(truth):
    return Value("xsd:boolean", "true" if truth else "false")


def reference(obj):
    return Value("ManagedObjectReference", obj.moid, attributes=f' type="{obj.type}"')


def references(objects):
    return Value("ArrayOfManagedObjectReference", *(
        f'<ManagedObjectReference type="{o.type}" xsi:type="ManagedObjectReference">{o.moid}</ManagedObjectReference>'
        for o in objects))


def strings(*texts):
    return Value("ArrayOfString", *(f"<string>{escape(t)}</string>" for t in texts))


def device(kind, key, label, body):
    return (f'<VirtualDevice xsi:type="{kind}"><key>{key}</key><deviceInfo><label>{label}</label><summary>{label}</summary>'
            f"</deviceInfo>{body}</VirtualDevice>")
