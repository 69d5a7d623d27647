package config

import (
	"errors"
	"fmt"

	"gopkg.in/yaml.v3"

	"mesbridge/conversations/retention"
	"mesbridge/rules"
)

// retentionOf writes periods as settings.
func retentionOf(p retention.Periods) Retention { return Retention(p) }

// Periods are the periods of the settings.
func (r Retention) Periods() retention.Periods { return retention.Periods(r) }

// period is one setting of Retention.
type period struct {
	name        string
	value, from int
}

func (r Retention) periods() []period {
	return []period{
		{"archiveYears", r.ArchiveYears, rules.ArchiveYears},
		{"suspensionDays", r.SuspensionDays, rules.SuspensionDays},
		{"trashDays", r.TrashDays, 1},
		{"deadBodyHours", r.DeadBodyHours, 1},
		{"functionalYears", r.FunctionalYears, 1},
		{"technicalDays", r.TechnicalDays, 1},
		{"purgeEveryDays", r.PurgeEveryDays, 1},
	}
}

// faults asks for periods of at least one; the law's own archive is not cut short (O113).
func (r Retention) faults() []error {
	var errs []error
	for _, p := range r.periods() {
		if p.value < p.from {
			errs = append(errs, fmt.Errorf("retention.%s: write a number from %d (D16)", p.name, p.from))
		}
	}
	if most := r.FunctionalYears * daysOfYear; r.TechnicalDays > most && most > 0 {
		errs = append(errs, fmt.Errorf("retention.technicalDays: write a number up to %d, the days of functionalYears (D16)", most))
	}
	return errs
}

const daysOfYear = 365

// controllersPeriods asks that a file names each period itself when the bridge is not the operator of the
// citizen domain: the controller decides, and a default would decide in his place (D16).
func controllersPeriods(role Role, file []byte) error {
	if role == Hosted {
		return nil
	}
	var named struct {
		Retention Retention `yaml:"retention"`
	}
	if err := yaml.Unmarshal(file, &named); err != nil {
		return nil //nolint:nilerr // it is told by the reading of all settings
	}
	var errs []error
	for _, p := range named.Retention.periods() {
		if p.value == 0 {
			errs = append(errs, fmt.Errorf("retention.%s: the controller decides in role %s: write a number (D16)", p.name, role))
		}
	}
	return errors.Join(errs...)
}
