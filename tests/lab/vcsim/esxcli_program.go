// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"time"
)

// longOption is how the command line spells a parameter of a command that we know: the API's names have no dashes.
func longOption(words []string, name string) string {
	for _, method := range infos[strings.Join(words[:len(words)-1], ".")].Method {
		for _, p := range method.Param {
			if p.Name == name && method.Name == words[len(words)-1] {
				return p.Aliases[len(p.Aliases)-1]
			}
		}
	}
	return "--" + name
}

// runProgram runs PROGRAM with the host's name and the command as esxcli takes it, without "esxcli", and reads what it
// prints as `esxcli --formatter=xml` does. Anything else that it prints is a failure in esxcli's words.
func runProgram(program []string, c *call) output {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	arguments := append(append(append([]string{}, program[1:]...), c.host.Name), c.words...)
	for _, name := range c.names {
		long := longOption(c.words, name)
		for _, value := range c.options[name] {
			if value == "true" { // a flag
				arguments = append(arguments, long)
			} else {
				arguments = append(arguments, long+"="+value)
			}
		}
	}
	var stdout, stderr bytes.Buffer
	run := exec.CommandContext(ctx, program[0], arguments...)
	run.Stdout, run.Stderr = &stdout, &stderr
	err := run.Run()
	if bytes.HasPrefix(bytes.TrimSpace(stdout.Bytes()), []byte("<")) {
		answer, err := parseOutput(stdout.Bytes())
		if err != nil {
			return output{failure: "the program's output: " + err.Error()}
		}
		return output{answer: answer}
	}
	words := strings.TrimSpace(stdout.String() + stderr.String())
	words = strings.TrimPrefix(words, "Error: ")
	if words == "" && err != nil {
		words = err.Error()
	}
	if words == "" {
		return output{answer: list()}
	}
	return output{failure: words, unknown: strings.HasPrefix(words, "Unknown command or namespace")}
}
