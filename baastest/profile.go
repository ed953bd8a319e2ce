package baastest

// Profile is what a platform tells of a person who agrees to share it, and what
// an account keeps of it as its first-level fields. The JSON names are those of
// the platforms' userInfo. A field that is empty or zero counts as never set.
type Profile struct {
	// NickName is the nickname.
	NickName string `json:"nickName"`
	// AvatarURL is the address of the avatar.
	AvatarURL string `json:"avatarUrl"`
	// Gender is 1 for male, 2 for female, 0 for unknown.
	Gender int `json:"gender"`
	// City is the city.
	City string `json:"city"`
	// Province is the province.
	Province string `json:"province"`
	// Country is the country.
	Country string `json:"country"`
	// Language is that of the phone, as "zh_CN".
	Language string `json:"language"`
}

// defaultProfile is the profile of a person nobody described.
func defaultProfile() Profile {
	return Profile{
		NickName:  "Larry",
		AvatarURL: "https://img.example.com/larry.png",
		Gender:    1,
		City:      "Huizhou",
		Province:  "Guangdong",
		Country:   "China",
		Language:  "zh_CN",
	}
}

// The values of update_userprofile.
const (
	syncOverwrite = "overwrite"
	syncSetNX     = "setnx"
	syncNever     = "false"
)

// sync brings p up to date from what a platform told. Platforms that do not tell
// a field leave it as it is.
func (p *Profile) sync(from Profile, mode string) {
	if mode == syncNever {
		return
	}
	overwrite := mode == syncOverwrite
	syncField(&p.NickName, from.NickName, overwrite)
	syncField(&p.AvatarURL, from.AvatarURL, overwrite)
	syncField(&p.Gender, from.Gender, overwrite)
	syncField(&p.City, from.City, overwrite)
	syncField(&p.Province, from.Province, overwrite)
	syncField(&p.Country, from.Country, overwrite)
	syncField(&p.Language, from.Language, overwrite)
}

func syncField[T comparable](field *T, value T, overwrite bool) {
	var unset T
	if value != unset && (overwrite || *field == unset) {
		*field = value
	}
}
