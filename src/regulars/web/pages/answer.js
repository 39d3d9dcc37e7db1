// Post the answer that was chosen in the message, when somebody really looks and not ahead of that. Sent before the page
// is whole, it takes the page's place in the history: coming back does not send it again.
if (document.visibilityState === "visible" && !document.prerendering) {
  document.forms[0].elements.auto.value = "yes";
  document.forms[0].submit();
}
