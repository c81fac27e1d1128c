// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/xml"
	"errors"
	"strconv"
	"strings"
)

const xsi = "http://www.w3.org/2001/XMLSchema-instance"

// element of what `esxcli --formatter=xml` prints: a structure of fields, a list, or a string, integer or boolean.
type element struct {
	XMLName xml.Name
	Name    string    `xml:"name,attr"`     // of a field
	Kind    string    `xml:"typeName,attr"` // of a structure
	Text    string    `xml:",chardata"`
	Inner   []element `xml:",any"`
}

func (e *element) is(name string) bool { return e.XMLName.Local == name }

func named(name string, inner ...element) element {
	return element{XMLName: xml.Name{Local: name}, Inner: inner}
}

func text(s string) element { return element{XMLName: xml.Name{Local: "string"}, Text: s} }

func number(n int64) element {
	return element{XMLName: xml.Name{Local: "integer"}, Text: strconv.FormatInt(n, 10)}
}

func boolean(b bool) element {
	return element{XMLName: xml.Name{Local: "boolean"}, Text: strconv.FormatBool(b)}
}

func field(name string, value element) element {
	f := named("field", value)
	f.Name = name
	return f
}

func structure(kind string, fields ...element) element {
	s := named("structure", fields...)
	s.Kind = kind
	return s
}

func list(items ...element) element { return named("list", items...) }

func parseOutput(out []byte) (element, error) {
	var document struct {
		XMLName xml.Name `xml:"output"`
		Root    *element `xml:"root"`
	}
	if err := xml.Unmarshal(out, &document); err != nil {
		return element{}, err
	}
	if document.Root == nil {
		return element{}, errors.New("no root element")
	}
	if len(document.Root.Inner) == 0 {
		return list(), nil
	}
	return document.Root.Inner[0], nil
}

func escaped(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s))
	return b.String()
}

// write e as the API does: under NAME, a list as often as it has items.
func (e *element) write(b *strings.Builder, name string) {
	if e.is("list") {
		for i := range e.Inner {
			e.Inner[i].write(b, name)
		}
		return
	}
	b.WriteString("<" + name + ">")
	if e.is("structure") {
		e.writeFields(b)
	} else {
		b.WriteString(escaped(e.Text))
	}
	b.WriteString("</" + name + ">")
}

func (e *element) writeFields(b *strings.Builder) {
	for _, f := range e.Inner {
		for i := range f.Inner {
			f.Inner[i].write(b, f.Name)
		}
	}
}

// object is the document that ExecuteSoap has in its response; KIND begins the names of its types.
func (e *element) object(kind string) string {
	var b strings.Builder
	head := func(kind string) {
		b.WriteString(`<obj xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="` + xsi +
			`" xmlns="urn:vim25" versionId="5.0" xsi:type="` + escaped(kind) + `">`)
	}
	switch {
	case e.is("list"):
		head("ArrayOfDataObject")
		for i := range e.Inner {
			b.WriteString(`<DataObject xsi:type="` + escaped(kind+e.Inner[i].Kind) + `">`)
			e.Inner[i].writeFields(&b)
			b.WriteString("</DataObject>")
		}
	case e.is("structure"):
		head(kind + e.Kind)
		e.writeFields(&b)
	default:
		head(map[string]string{"string": "xsd:string", "integer": "xsd:long", "boolean": "xsd:boolean"}[e.XMLName.Local])
		b.WriteString(escaped(e.Text))
	}
	b.WriteString("</obj>")
	return b.String()
}
