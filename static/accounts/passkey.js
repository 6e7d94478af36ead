// Signing in with a passkey: allauth's own script does it, once it knows the page's parts.

window.allauth.webauthn.forms.loginForm({
  ids: { login: "passkey_login", credential: "mfa_credential" },
});
