"""What proves the timelines to somebody who trusts neither the service nor its administrators."""
