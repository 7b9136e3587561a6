package syntax

import (
	"fmt"
	"reflect"
	"strings"
)

// dump writes a tree compactly: types with the offset where they begin, and their fields that are not zero.
func dump(node any) string {
	var b strings.Builder
	dumpValue(&b, reflect.ValueOf(node))
	return b.String()
}

func dumpValue(b *strings.Builder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			b.WriteString("nil")
			return
		}
		dumpValue(b, v.Elem())
	case reflect.Struct:
		b.WriteString(v.Type().Name())
		if p := v.FieldByName("Pos"); p.IsValid() {
			fmt.Fprintf(b, "@%d", p.FieldByName("Offset").Int())
		}
		var parts []string
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if f := v.Field(i); name != "Pos" && !f.IsZero() {
				var part strings.Builder
				dumpValue(&part, f)
				parts = append(parts, name+":"+part.String())
			}
		}
		if len(parts) > 0 {
			b.WriteString("{" + strings.Join(parts, " ") + "}")
		}
	case reflect.Slice:
		b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				b.WriteByte(' ')
			}
			dumpValue(b, v.Index(i))
		}
		b.WriteByte(']')
	case reflect.String:
		fmt.Fprintf(b, "%q", v.String())
	default:
		if op, ok := v.Interface().(Op); ok {
			if op == InNetwork {
				b.WriteString("in-network") // written as in
				return
			}
			fmt.Fprintf(b, "%q", op.String())
			return
		}
		fmt.Fprint(b, v.Interface())
	}
}
