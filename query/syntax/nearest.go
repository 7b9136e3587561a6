package syntax

// Nearest gives the word of words that text was probably meant to be, empty if none is near enough. Packages that know the
// words which the language does not (fields, names) suggest with it as Parse does.
func Nearest(text string, words []string) string { return nearest(text, words) }
