# SPDX-License-Identifier: Apache-2.0
# render.awk - prints what an esxcli command answers: form=plain, xml, csv or keyvalue.
#
# The first line of the input is "table TYPE" or "records TYPE" for a list of structures, whose plain form is a table or one
# paragraph each, or "one TYPE" for a single structure. The second one has the headings, tab-separated, ":i" after that of
# integers and ":b" after that of booleans. Then a line a structure.
BEGIN { FS = "\t" }

NR == 1 { split($0, head, " "); shape = head[1]; type = head[2]; next }

NR == 2 {
	fields = NF
	for (i = 1; i <= NF; i++) {
		kind[i] = $i ~ /:i$/ ? "integer" : $i ~ /:b$/ ? "boolean" : "string"
		heading[i] = $i
		sub(/:[ib]$/, "", heading[i])
		name[i] = heading[i]
		gsub(/[ -]/, "", name[i])
		width[i] = length(heading[i])
		for (at = i; at > 1 && name[sorted[at - 1]] > name[i]; at--) sorted[at] = sorted[at - 1]
		sorted[at] = i
	}
	next
}

{
	rows++
	for (i = 1; i <= fields; i++) {
		value[rows, i] = $i
		if (length($i) > width[i]) width[i] = length($i)
	}
}

function escaped(text) {
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	gsub(/>/, "\\&gt;", text)
	return text
}

function cell(text, i, right) {
	return i == fields && !right ? text : sprintf(right ? "%" width[i] "s" : "%-" width[i] "s", text)
}

function line(what, row, i, text, dashes) {
	for (i = 1; i <= fields; i++) {
		dashes = sprintf("%" width[i] "s", "")
		gsub(/ /, "-", dashes)
		text = what == "dashes" ? dashes : cell(what == "head" ? heading[i] : value[row, i], i, kind[i] != "string")
		printf "%s%s", text, i < fields ? "  " : "\n"
	}
}

function table(row) {
	line("head")
	line("dashes")
	for (row = 1; row <= rows; row++) line("row", row)
}

function paragraphs(row, i) {
	for (row = 1; row <= rows; row++) {
		if (shape == "records") print value[row, 1]
		for (i = 1; i <= fields; i++) printf "   %s: %s\n", heading[i], value[row, i]
		if (shape == "records" && row < rows) print ""
	}
}

function xml(row, i, f) {
	print "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
	print "<output xmlns=\"http://www.vmware.com/Products/ESX/5.0/esxcli/\">\n<root>"
	if (shape != "one") print "   <list type=\"structure\">"
	for (row = 1; row <= rows; row++) {
		printf "      <structure typeName=\"%s\">\n", type
		for (i = 1; i <= fields; i++) {
			f = sorted[i]
			printf "         <field name=\"%s\">\n            <%s>%s</%s>\n         </field>\n", name[f], kind[f],
				escaped(value[row, f]), kind[f]
		}
		print "      </structure>"
	}
	if (shape != "one") print "   </list>"
	print "</root>\n</output>"
}

function csv(row, i) {
	for (i = 1; i <= fields; i++) printf "%s,", name[sorted[i]]
	print ""
	for (row = 1; row <= rows; row++) {
		for (i = 1; i <= fields; i++) printf "%s,", value[row, sorted[i]]
		print ""
	}
}

function keyvalue(row, i, f) {
	for (row = 1; row <= rows; row++)
		for (i = 1; i <= fields; i++) {
			f = sorted[i]
			printf "%s%s.%s.%s=%s\n", shape == "one" ? "" : "structure[" row - 1 "].", type, name[f], kind[f], value[row, f]
		}
}

END {
	if (form == "xml") xml()
	else if (form == "csv") csv()
	else if (form == "keyvalue") keyvalue()
	else if (shape == "table") table()
	else paragraphs()
}
