package validate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// refusal is an error that says what to do.
type refusal struct{ message, hint string }

func (r refusal) Error() string { return r.message }

// asYAML11 makes a file's directives those of YAML 1.1, which is all that the
// reader takes: TorchServe's readers take any 1.x, and pass over directives
// that they do not know. Lines and columns stay as they are.
func asYAML11(data []byte) []byte {
	data = slices.Clone(data)
	rest := bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	for len(rest) > 0 {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		minor := yamlVersion.FindSubmatchIndex(line)
		switch text := bytes.TrimSpace(line); {
		case minor != nil:
			version := line[minor[2]:minor[3]]
			copy(version, "1"+strings.Repeat(" ", len(version)-1))
		case len(text) == 0, text[0] == '#', bytes.HasPrefix(line, []byte("%TAG")), bytes.HasPrefix(line, []byte("%YAML")):
		case line[0] == '%':
			line[0] = '#'
		default:
			return data
		}
		rest = after
	}
	return data
}

var yamlVersion = regexp.MustCompile(`^%YAML[ \t]+0*1\.([0-9]+)`)

// parseConfig reads one YAML document that is a map. The error continues a
// sentence that begins with the file's name.
func parseConfig(data []byte) (*yaml.Node, error) {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return nil, refusal{"is UTF-16, and TorchServe reads UTF-8", "save it as UTF-8"}
	}
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

// yamlTags are the tags that TorchServe's readers of YAML, SnakeYAML and
// PyYAML's safe loader, have values for.
var yamlTags = map[yaml.Kind][]string{
	yaml.ScalarNode:   {"!!str", "!!int", "!!float", "!!bool", "!!null", "!!binary", "!!timestamp"},
	yaml.SequenceNode: {"!!seq", "!!omap", "!!pairs"},
	yaml.MappingNode:  {"!!map", "!!set"},
}

// refusedNode finds what YAML allows and those readers do not. Aliases are not
// followed.
func refusedNode(n *yaml.Node, depth int) error {
	tag := n.ShortTag()
	if known := yamlTags[n.Kind]; known != nil && tag != "!" && !slices.Contains(known, tag) {
		return refusal{fmt.Sprintf("has the tag %s for %s in line %d, column %d, which TorchServe's readers of YAML refuse",
			clip(tag), nodeKinds[n.Kind], n.Line, n.Column), "leave the tag out, or put the value in quotes"}
	}
	if depth > 100 {
		return nil
	}
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			if err := refusedKey(target(child), child, depth == 0); err != nil {
				return err
			}
			if child.Tag == "!!merge" {
				continue
			}
		}
		if err := refusedNode(child, depth+1); err != nil {
			return err
		}
	}
	return nil
}

var nodeKinds = map[yaml.Kind]string{yaml.ScalarNode: "a value", yaml.SequenceNode: "a list", yaml.MappingNode: "a map"}

// refusedKey judges a key, which stands at a place in the file: the server
// casts those of the outermost map to String.
func refusedKey(key, at *yaml.Node, outermost bool) error {
	switch {
	case key.Kind != yaml.ScalarNode:
		return refusal{fmt.Sprintf("has %s for a key in line %d, column %d, which Python refuses", describeNode(key), at.Line, at.Column), "give it a name"}
	case outermost && !isTextKey(key):
		return refusal{fmt.Sprintf("has the key %s in line %d, column %d, which is no text, and the server fails on it", describeNode(key), at.Line, at.Column),
			"put the key in quotes"}
	}
	return nil
}

// yamlNumber is a number or a date, whatever the version of YAML.
var yamlNumber = regexp.MustCompile(`^([-+]?([1-9][0-9_]*|0)(\.[0-9]*)?|[0-9]{4}-[0-9]{2}-[0-9]{2})$`)

// isTextKey says that the server may take a key for a text.
func isTextKey(n *yaml.Node) bool {
	if n.Style&yaml.TaggedStyle != 0 {
		return n.Tag == "!!str" || n.Tag == "!"
	}
	return !isPlain(n) || n.Tag != "!!null" && !isBool(n) && !yamlNumber.MatchString(n.Value)
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
		line, column := position(data, at)
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
