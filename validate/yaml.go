package validate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// parseConfig reads one YAML document that is a map. The error continues a
// sentence that begins with the file's name.
func parseConfig(data []byte) (*yaml.Node, error) {
	var doc, second yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(data))
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, errors.New("is empty")
	case err != nil:
		return nil, explainYAML(data, err)
	}
	if len(doc.Content) == 0 {
		return nil, errors.New("is empty")
	}
	root := doc.Content[0]
	switch {
	case root.Kind == yaml.ScalarNode && root.Tag == "!!null":
		return nil, errors.New("is empty")
	case root.Kind != yaml.MappingNode:
		return nil, fmt.Errorf("is %s, not a map of keys", describeNode(root))
	}
	switch err := d.Decode(&second); {
	case err == nil:
		return nil, fmt.Errorf("has a second document in line %d, and TorchServe reads files of one", second.Line)
	case !errors.Is(err, io.EOF):
		return nil, fmt.Errorf("can't be read as YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	return root, refusedNode(root, 0)
}

// refusedNode finds what YAML allows and TorchServe's readers of it, SnakeYAML
// and PyYAML's safe loader, do not. Aliases are not followed.
func refusedNode(n *yaml.Node, depth int) error {
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") && n.Tag != "!" {
		return fmt.Errorf("has the tag %s in line %d, column %d, which TorchServe's readers of YAML refuse", clip(n.Tag), n.Line, n.Column)
	}
	if depth > 100 {
		return nil
	}
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && target(child).Kind != yaml.ScalarNode {
			return fmt.Errorf("has %s for a key in line %d, column %d, which Python refuses", describeNode(target(child)), child.Line, child.Column)
		}
		if err := refusedNode(child, depth+1); err != nil {
			return err
		}
	}
	return nil
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?`)

// explainYAML adds to an error of the YAML reader where in data it is, counting
// lines and columns from 1. The reader itself knows no columns, and its lines
// are those of what began too early.
func explainYAML(data []byte, err error) error {
	found := yamlLine.FindStringSubmatch(err.Error())
	message := err.Error()[len(found[0]):]
	reported, _ := strconv.Atoi(found[1])
	at, ok := yamlEnd(data, reported)
	switch {
	case ok:
		before := data[:at]
		line := bytes.Count(before, []byte("\n")) + 1
		column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
		return fmt.Errorf("can't be read as YAML: line %d, column %d: %s", line, column, message)
	case reported > 0:
		return fmt.Errorf("can't be read as YAML: line %d: %s", reported, message)
	}
	return fmt.Errorf("can't be read as YAML: %s", message)
}

// maxYAMLWork bounds how many bytes are parsed to find where a file ends to be
// YAML.
const maxYAMLWork = 512 << 10

// yamlEnd is the length of the longest beginning of data that is YAML: what
// follows is what the reader stumbles over, such as a bracket that is never
// closed. The reader got no further than two lines past the reported one.
func yamlEnd(data []byte, reported int) (int, bool) {
	var ends []int // of lines
	for at := 0; at < len(data); {
		next := bytes.IndexByte(data[at:], '\n')
		if next < 0 {
			next = len(data) - at - 1
		}
		at += next + 1
		ends = append(ends, at)
	}
	if reported > 0 {
		ends = ends[:min(len(ends), reported+2)]
	}
	work := 0
	isYAML := func(n int) bool {
		if work += n; work > maxYAMLWork {
			return false
		}
		var doc yaml.Node
		return yaml.Unmarshal(data[:n], &doc) == nil
	}
	last, first := 0, 0
	for i := len(ends) - 1; i >= 0 && first == 0 && work < maxYAMLWork; i-- {
		if isYAML(ends[i]) {
			first = ends[i]
		} else if last == 0 {
			last = ends[i]
		}
	}
	for n := last - 1; n >= first && work < maxYAMLWork; n-- {
		if isYAML(n) {
			return n, true
		}
	}
	return 0, false
}
