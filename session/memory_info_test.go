package session

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUserInfoIsKeptToTheByte(t *testing.T) {
	for _, tt := range []struct {
		name, info string
		want       int // bytes
	}{
		{"none", ``, 0},
		{"of the documentation", `{"nickName":"Larry","avatarUrl":"https://img.example.com/larry.png","gender":1,` +
			`"city":"Huizhou","province":"Guangdong","country":"China","language":"zh_CN"}`, 96},
		{"decrypted", `{"openId":"o1","unionId":"u1","watermark":{"appid":"wx1","timestamp":1477314187}}`, 37},
		{"in another order", `{"language":"zh_CN","gender":1,"nickName":"Larry"}`, 24},
		{"no object", `null`, 6},
		{"no JSON", `"nickName":"city":"city":`, 5},
		{"the end of a key", `kName":"city"`, 15},
		{"spaces", `{ "nickName" : "Larry", "gender": 1 }`, 32},
		{"an escaped key", `{"a":"\"city\":\\\"city\":"}`, 31},
		{"a key twice", `{"city":"","city":"","City":""}`, 21},
		{"a key as a value", `{"a":"city","b":"nickName\":"}`, 33},
		{"other keys", `{"id":1,"nickname":"x"}`, 26},
		{"a text of 14 bytes", `{"city":"23456789012"}`, 18},
		{"of 15", `{"city":"234567890123"}`, 20},
		{"of 15 and 128", `{"city":"` + strings.Repeat("x", 140) + `"}`, 2 + 2 + 2 + 1 + 143},
		{"not UTF-8", "\xff\x01\x11:\":\x00", 9},
		{"only colons", strings.Repeat(`":`, 300), 2 + 1 + 2 + 600},
		{"huge", `[` + strings.Repeat(`{"city":1},`, 100_000) + `0]`, 3 + 3 + 99_999*5 + 6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			stored := appendInfo(nil, []byte(tt.info))
			d := decoder{rest: stored}
			got := d.info()
			require.Equal(t, tt.info, string(got))
			require.Equal(t, tt.info == "", got == nil)
			require.Len(t, stored, tt.want)
		})
	}
}
