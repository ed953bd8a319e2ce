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
		{"of the documentation", `{"nickName":"Larry","avatarUrl":"https://img.example.com/larry.png","gender":1}`, 1 + 5 + 42},
		{"avatar without TLS", `{"nickName":"L","avatarUrl":"http://a"}`, 1 + 1 + 6},
		{"empty fields before the avatar", `{"nickName":"微信","gender":0,"language":"","city":"","province":"","country":"","avatarUrl":"https://a"}`, 1 + 6 + 7},
		{"gender first", `{"nickName":"Larry","gender":1,"language":"zh_CN"}`, 1 + 5 + 21},
		{"no nickname", `{"nickName":"","gender":1}`, 1 + 2},
		{"a nickname of 62 bytes", `{"nickName":"` + strings.Repeat("n", 62) + `","gender":1}`, 1 + 62 + 2},
		{"of 63", `{"nickName":"` + strings.Repeat("n", 63) + `","gender":1}`, 2 + 63 + 2},
		{"of 191", `{"nickName":"` + strings.Repeat("n", 191) + `","gender":1}`, 3 + 191 + 2},
		{"a quote in it", `{"nickName":"La\"rry","gender":1}`, 1 + 33},
		{"a separator in it", `{"nickName":"La\","gender":1","gender":1}`, 1 + 3 + 14},
		{"only a nickname", `{"nickName":"Larry"}`, 1 + 20},
		{"cut off", `{"nickName":"Larry`, 1 + 18},
		{"the prefix", `{"nickName":"`, 1 + 13},
		{"ends with a separator", `{"nickName":"x","gender":`, 1 + 1},
		{"an avatar of another kind", `{"nickName":"x","avatarUrl":""}`, 1 + 31},
		{"in another order", `{"language":"zh_CN","nickName":"Larry"}`, 1 + 39},
		{"no object", `null`, 1 + 4},
		{"spaces", `{ "nickName" : "Larry", "gender": 1 }`, 1 + 37},
		{"not UTF-8", "\xff\x01\x11:\":\x00", 1 + 7},
		{"huge", `{"nickName":"` + strings.Repeat("n", 1<<20) + `","gender":1}`, 4 + 1<<20 + 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			stored := appendInfo(nil, []byte(tt.info))
			d := decoder{rest: stored}
			got := d.info()
			require.Equal(t, tt.info, string(got))
			require.Equal(t, tt.info == "", got == nil)
			require.Equal(t, tt.want, len(stored))
		})
	}
}
