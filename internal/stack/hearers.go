package stack

// AlertURLCounts says how many URLs alerts are posted to, by channel. The URLs are credentials, and stay here.
func (s *Stack) AlertURLCounts() map[string]int {
	u, counts := s.alertURLs, map[string]int{}
	for channel, urls := range map[string][]string{"webhooks": u.Webhooks, "slack": u.Slack, "teams": u.Teams, "pagerduty": u.PagerDuty} {
		if len(urls) > 0 {
			counts[channel] = len(urls)
		}
	}
	return counts
}
