# Notifications that bring a code. Those about what happened are in notices.ftl.

push-code-title = Your sign-in code
push-disable-two-step-title = Your code to turn off two-step verification
push-code-body = { $code } for { $device }
push-wake-body = Open the app to see it.
push-over-title = Sign-in code no longer needed
push-over-body = Nothing needs to be done.
push-test-title = Notifications work
push-test-body = This is a test. Codes will look like this.
