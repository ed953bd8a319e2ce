package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/schollz/progressbar/v3"

	"github.com/hydrogen-go/baas/user"
)

// exportFile exports all users to a new file, which only its owner may read. If the
// export fails, no file is left.
func (t *tool) exportFile(ctx context.Context, path string, fields []string) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	t.title("Export all users")
	n, err := t.export(ctx, f, fields)
	if err != nil {
		return err
	}
	t.tell("%d users in %s", n, path)
	return nil
}

// export writes all users as CSV, with a progress bar, and returns how many there were.
func (t *tool) export(ctx context.Context, w io.Writer, fields []string) (int, error) {
	total, err := t.client.CountUsers(ctx)
	if err != nil {
		return 0, err
	}
	bar := progressbar.NewOptions64(max(total, 1), progressbar.OptionSetWriter(t.progress),
		progressbar.OptionSetDescription("exporting"), progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond))
	defer fmt.Fprintln(t.progress) // the bar leaves the cursor in its line

	rows := csv.NewWriter(w)
	if err := rows.Write(append([]string{"id", "nickname", "username", "email", "phone", "created_at"}, guarded(fields)...)); err != nil {
		return 0, err
	}
	n := 0
	for u, err := range t.client.Users(ctx) {
		if err != nil {
			return n, err
		}
		if err := rows.Write(row(u, fields)); err != nil {
			return n, err
		}
		n++
		_ = bar.Add(1) // it fails once there are more users than were counted: they may register meanwhile
	}
	_ = bar.Finish() // users may also be deleted meanwhile
	rows.Flush()
	return n, rows.Error()
}

func row(u *user.User, fields []string) []string {
	created := u.CreatedAt().UTC().Format(time.RFC3339)
	cells := append([]string{strconv.FormatInt(u.ID(), 10)}, guarded([]string{u.Nickname(), u.Username(), u.Email(), u.Phone(), created})...)
	for _, name := range fields {
		cells = append(cells, cell(u.Get(name)))
	}
	return cells
}

// cell returns a custom field: a number as it is, everything else guarded.
func cell(v user.Value) string {
	if raw, err := json.Marshal(v); err == nil && len(raw) > 0 && strings.ContainsRune("-0123456789", rune(raw[0])) {
		return string(raw)
	}
	return guard(v.String())
}

func guarded(texts []string) []string {
	cells := make([]string, len(texts))
	for i, text := range texts {
		cells[i] = guard(text)
	}
	return cells
}

// guard puts an apostrophe before a text that a spreadsheet could take for a formula. Users
// choose their nicknames, and a formula can send other cells to a web site. The characters
// are those of OWASP's page on CSV injection, with their full-width forms. A phone number
// that begins with + gets the apostrophe too.
func guard(text string) string {
	first := strings.TrimLeftFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\ufeff' })
	if strings.HasPrefix(text, "\t") || strings.HasPrefix(text, "\r") || strings.HasPrefix(text, "\n") ||
		first != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(first)[0]) {
		return "'" + text
	}
	return text
}
