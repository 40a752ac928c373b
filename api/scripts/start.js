// Before the page is drawn: say that scripts run, so that the design system's own styles for them apply.
document.body.classList.add("js-enabled");
if ("noModule" in HTMLScriptElement.prototype) document.body.classList.add("govuk-frontend-supported");
