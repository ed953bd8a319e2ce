package settings

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Groups returns the groups in the order of the table.
func (t Table) Groups() []string {
	var groups []string
	for _, s := range t.Settings {
		if !slices.Contains(groups, s.Group) {
			groups = append(groups, s.Group)
		}
	}
	return groups
}

// group calls f with every setting of the group.
func (t Table) group(name string, f func(Setting)) {
	for _, s := range t.Settings {
		if s.Group == name {
			f(s)
		}
	}
}

// WriteHelp writes all settings, by group.
func (t Table) WriteHelp(w io.Writer) {
	for _, group := range t.Groups() {
		fmt.Fprintf(w, "\n%s:\n", group)
		t.group(group, func(s Setting) {
			head := strings.TrimSpace("  " + s.flag() + " " + s.word())
			fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("  %-42s %s", head, strings.Join(t.variables(s), ", ")), " "))
			for _, line := range wrap(s.Help+defaultOf(s), 76) {
				fmt.Fprintln(w, "      "+line)
			}
		})
	}
}

func defaultOf(s Setting) string {
	if s.Value.Default == "" || s.Secret || s.word() == "" {
		return ""
	}
	return " (default " + s.Value.Default + ")"
}

// wrap breaks text into lines of at most so many bytes, unless a word is longer.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}

// WriteMarkdown writes all settings as tables of Markdown, one for each group.
func (t Table) WriteMarkdown(w io.Writer) {
	for _, group := range t.Groups() {
		fmt.Fprintf(w, "\n#### %s\n\n| flag | variable | default | meaning |\n|---|---|---|---|\n", group)
		t.group(group, func(s Setting) {
			fmt.Fprintf(w, "| %s | %s | %s | %s |\n", code(strings.TrimSpace(s.flag()+" "+s.word())), codes(t.variables(s)), code(s.Value.Default), cell(s.Help))
		})
	}
}

func codes(texts []string) string {
	var all []string
	for _, text := range texts {
		all = append(all, code(text))
	}
	return strings.Join(all, " ")
}

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + cell(text) + "`"
}

// cell escapes what ends a cell.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
