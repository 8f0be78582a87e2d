package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/rotation"
)

// readJobs gives the jobs by the names of their AWS secrets.
func readJobs(path string) (map[string]secret.Job, error) {
	failure := func(err error) error {
		return &rotation.Error{
			Class: rotation.Invalid, Op: "read the rotations in " + path, Err: err,
			Do: "deploy the stack again, so that the function and its layer are of one version of secretstack",
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, failure(err)
	}
	defer func() { _ = f.Close() }()
	var jobs map[string]secret.Job
	d := json.NewDecoder(f)
	d.DisallowUnknownFields() // an option that is not known here would not be kept
	if err := d.Decode(&jobs); err != nil {
		return nil, failure(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, failure(errors.New("there is more after the JSON object"))
	}
	return jobs, nil
}
