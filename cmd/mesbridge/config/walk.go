package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// setting is one leaf of the settings: its name as in the file, its value, its tags.
type setting struct {
	name  string
	value reflect.Value
	tag   reflect.StructTag
}

// settings lists the leaves of v, depth first.
func settings(prefix string, v reflect.Value) []setting {
	var all []setting
	for i := range v.NumField() {
		field, value := v.Type().Field(i), v.Field(i)
		name := prefix + field.Tag.Get("yaml")
		if value.Kind() == reflect.Struct {
			all = append(all, settings(name+".", value)...)
		} else {
			all = append(all, setting{name, value, field.Tag})
		}
	}
	return all
}

// faults tells what is missing and what is not one of the allowed values.
func (c Config) faults() []error {
	var errs []error
	for _, s := range settings("", reflect.ValueOf(c)) {
		if s.tag.Get("need") == "yes" && s.value.IsZero() {
			errs = append(errs, fmt.Errorf("%s is missing: %s", s.name, s.tag.Get("doc")))
		}
	}
	return append(errs, closedFaults("", reflect.ValueOf(c))...)
}

// closedFaults tells which settings of v are not one of the allowed values.
func closedFaults(prefix string, v reflect.Value) []error {
	var errs []error
	for _, s := range settings(prefix, v) {
		if values, closed := s.tag.Lookup("oneOf"); closed && !slices.Contains(strings.Fields(values), s.value.String()) {
			errs = append(errs, fmt.Errorf("%s: write one of %s", s.name, strings.Join(strings.Fields(values), ", ")))
		}
	}
	return errs
}
