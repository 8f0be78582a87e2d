package awsalert

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// services are what CloudTrail has in place of an address where a service of AWS calls:
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html.
var services = []string{"*.amazonaws.com", "AWS Internal"}

// CheckNetwork gives the rule that a network breaks which is to be compared with addresses, or nil.
func CheckNetwork(n netip.Prefix) error {
	_, err := texts4or6(n.Masked())
	return err
}

// nearby are the texts of the addresses in the networks, and of what is no address.
//
// EventBridge has an operator for networks, but none for what is outside them. The operator also takes an address of IPv4 for
// one of IPv6 that begins with the same bits, and the other way round (https://github.com/aws/event-ruler, CIDR.java), so
// that the networks around an allowed one cannot be asked for either.
func nearby(networks []netip.Prefix) ([]string, error) {
	texts := slices.Clone(services)
	for _, n := range networks {
		of, err := texts4or6(n.Masked())
		if err != nil {
			return nil, err
		}
		texts = append(texts, of...)
	}
	return texts, nil
}

// maxSpread is how many bits of a network may be missing in its last group of digits; more do not fit in a pattern.
const maxSpread = 7

// texts4or6 are the beginnings, each with an asterisk, of the texts of all addresses in a network: one for each network
// of the next length that ends with a group of digits.
func texts4or6(n netip.Prefix) ([]string, error) {
	if n.Bits() == 0 {
		return nil, fmt.Errorf("the network %s has all addresses", n)
	}
	group, write := 8, text4
	if n.Addr().Is6() {
		group, write = 16, text6
	}
	spread := (group - n.Bits()%group) % group
	if spread > maxSpread {
		return nil, fmt.Errorf("the network %s takes more patterns than AWS has room for: give it a length that is a multiple of %d, or up to %d less",
			n, group, maxSpread)
	}
	whole := n.Bits() + spread
	var all []string
	for i := range 1 << spread {
		bytes := n.Addr().AsSlice()
		if spread > 0 {
			bytes[(whole-1)/8] |= byte(i)
		}
		texts, err := write(bytes, whole)
		if err != nil {
			return nil, fmt.Errorf("the network %s: %w", n, err)
		}
		all = append(all, texts...)
	}
	return all, nil
}

func text4(address []byte, bits int) ([]string, error) {
	var b strings.Builder
	for _, octet := range address[:bits/8] {
		b.WriteString(strconv.Itoa(int(octet)) + ".")
	}
	if bits == 32 {
		return []string{strings.TrimSuffix(b.String(), ".")}, nil
	}
	return []string{b.String() + "*"}, nil
}

// text6 knows that two groups of zeros and more are left out once, where they are the most, and the first of such:
// https://www.rfc-editor.org/rfc/rfc5952#section-4.2.
func text6(address []byte, bits int) ([]string, error) {
	if bits == 128 {
		a, _ := netip.AddrFromSlice(address)
		return []string{a.String()}, nil
	}
	var groups []string
	for i := 0; i < bits/8; i += 2 {
		groups = append(groups, strconv.FormatUint(uint64(address[i])<<8|uint64(address[i+1]), 16))
	}
	end := len(groups)
	for end > 0 && groups[end-1] == "0" {
		end--
	}
	if len(groups)-end > 2 || strings.Contains(":"+strings.Join(groups[:end], ":"), ":0:0:") {
		return nil, fmt.Errorf("the text of its addresses has not one beginning, as it has zeros in several groups of digits")
	}
	texts := []string{strings.Join(append(groups, "*"), ":")}
	if end < len(groups) {
		texts = append(texts, strings.Join(groups[:end], ":")+"::*")
	}
	return texts, nil
}
