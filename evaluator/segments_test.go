package evaluator

import "testing"

func TestPartialNumber(t *testing.T) {
	for text, want := range map[string]bool{
		`arn:aws:s3:::logs-*`: false, `arn:aws:iam::*:role/x`: false, `arn:aws:s3:::${aws:username}/*`: false, `${aws:PrincipalAccount}-x`: false,
		`arn:aws:s3:::1*`: true, `x?2`: true, `12${aws:username}`: true, `${aws:username}3`: true, `${aws:username}*`: true, `*${aws:username}`: true,
		`${a}${b}`: true, `{"a":1}`: false,
	} {
		if got := partialNumber([]byte(text)); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}

func TestEmbedded(t *testing.T) {
	const id = "310000000002"
	for text, want := range map[string]bool{
		"": false, id: false, "arn:aws:iam::" + id + ":root": false, "b-" + id + "-x " + id: false,
		"0" + id: true, id + "0": true, id + " " + id + "1": true,
	} {
		if got := embedded([]byte(text), id); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}
