/// An authority of our own and a certificate it gave to `origin.test`. For tests on loopback only; valid for
/// a hundred years.
package enum TestCertificates {
    package static let authority = """
        -----BEGIN CERTIFICATE-----
        MIIBnTCCAUOgAwIBAgIUTdR3vKR36cb90q6rZ7QkFzTxtrowCgYIKoZIzj0EAwIw
        IzEhMB8GA1UEAwwYc2VlZC1wZWVyIHRlc3QgYXV0aG9yaXR5MCAXDTI2MTEyMTA2
        MjI1NloYDzIxMjYxMDI4MDYyMjU2WjAjMSEwHwYDVQQDDBhzZWVkLXBlZXIgdGVz
        dCBhdXRob3JpdHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARTZZzIoDElzMrj
        jKdCLSj82fwGtL30i+0wJhG+ly9Eth9QpuWCkv+PNDPD/HPwB5mOvWVObPwG/d61
        oy4GD6AYo1MwUTAdBgNVHQ4EFgQUUZrW+KFjY0Kb15AvLWBaUQ7ZnaUwHwYDVR0j
        BBgwFoAUUZrW+KFjY0Kb15AvLWBaUQ7ZnaUwDwYDVR0TAQH/BAUwAwEB/zAKBggq
        hkjOPQQDAgNIADBFAiB1klAqGSjJ6bHseGzZ8aFAYZofpzGsfFp98y5wsK9uNQIh
        ANonLEHwHkCS3Dsl7uPaa6aKbWZrvCToFpKFpgA1HPzj
        -----END CERTIFICATE-----
        """

    package static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBtzCCAV2gAwIBAgIUQM2GEhqjek0/7P4nPchzq4KIQZ4wCgYIKoZIzj0EAwIw
        IzEhMB8GA1UEAwwYc2VlZC1wZWVyIHRlc3QgYXV0aG9yaXR5MCAXDTI2MTEyMTA3
        NDcxOVoYDzIxMjYxMDI4MDc0NzE5WjAWMRQwEgYDVQQDDAtvcmlnaW4udGVzdDBZ
        MBMGByqGSM49AgEGCCqGSM49AwEHA0IABFI0IYqH3W9qk7va0Yr2YON9T9Tf82hn
        WLPiphDY697NXvdbA2m6UncCV5p5xMrFebdmy0cCFvR90tMuXDlez/yjejB4MBYG
        A1UdEQQPMA2CC29yaWdpbi50ZXN0MAkGA1UdEwQCMAAwEwYDVR0lBAwwCgYIKwYB
        BQUHAwEwHQYDVR0OBBYEFNsBxf8MluiQGLi3e+osDlMXfN0lMB8GA1UdIwQYMBaA
        FFGa1vihY2NCm9eQLy1gWlEO2Z2lMAoGCCqGSM49BAMCA0gAMEUCIQDekxNtkfMa
        35AKN59OrJnm+c8rWzIRThsV8a/l5HKCvgIgWIdfdN8Kj6CUCg10KhHRSTwkz7gD
        HleF5YYnj/CGDL8=
        -----END CERTIFICATE-----
        """

    package static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgnLatb7I4g+YVgMEt
        vT9MHeSXzC5vZjsiMf3NjGYk+sChRANCAARSNCGKh91vapO72tGK9mDjfU/U3/No
        Z1iz4qYQ2OvezV73WwNpulJ3AleaecTKxXm3ZstHAhb0fdLTLlw5Xs/8
        -----END PRIVATE KEY-----
        """
}
