package session

// Numbered reports whether a record in memory has a number for the name of a platform.
func Numbered(platform string) bool { return platformNumber(platform) != otherPlatform }
