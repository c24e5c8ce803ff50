// Certificates for tests of TLS: two authorities, and what they signed, valid
// from 2020 to 2120. Made with openssl(1), EC P-256:
//   node      "DNS:node-1", for servers       address   "IP:127.0.0.1"
//   stranger  "DNS:node-1", of the other authority
//   expired   "DNS:node-1", until 2020        client    CN=collector, for clients
#ifndef SKERRY_TESTS_UNIT_PLATFORM_CERTIFICATES_H
#define SKERRY_TESTS_UNIT_PLATFORM_CERTIFICATES_H

#define AUTHORITY_PEM \
    "-----BEGIN CERTIFICATE-----\n" \
    "MIIBbjCCARSgAwIBAgIUeEQjayRYms3M7iRTYC4nHqqL03owCgYIKoZIzj0EAwIw\n" \
    "FDESMBAGA1UEAwwJYXV0aG9yaXR5MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAx\n" \
    "MDAwMDAwWjAUMRIwEAYDVQQDDAlhdXRob3JpdHkwWTATBgcqhkjOPQIBBggqhkjO\n" \
    "PQMBBwNCAAQ959f3PxOG/BQEIbCLEy76Ek05yjK2cFH9ImYO/4iSNGjUGroZDVVW\n" \
    "7MBiEr3+hSCb1yzpjEmPDM5+4LiNX5Xzo0IwQDAPBgNVHRMBAf8EBTADAQH/MA4G\n" \
    "A1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQU5R7ucday2Zs6JIjJzK8CWN7MSy4wCgYI\n" \
    "KoZIzj0EAwIDSAAwRQIhAKfP3BE2dUOJ1quYijrYdr+W6clNxvtRpveph/YDa2+f\n" \
    "AiA/xjeqoOFVvGB9f016l2Wa80/rT4U7q5R4uWO0QSeE+w==\n" \
    "-----END CERTIFICATE-----\n"

#define NODE_PEM \
    "-----BEGIN CERTIFICATE-----\n" \
    "MIIBtjCCAVygAwIBAgIUT4fJU09s6/+plEG+7k6ftNW12tMwCgYIKoZIzj0EAwIw\n" \
    "FDESMBAGA1UEAwwJYXV0aG9yaXR5MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAx\n" \
    "MDAwMDAwWjA0MRswGQYDVQQDDBJzeXN0ZW06bm9kZTpub2RlLTExFTATBgNVBAoM\n" \
    "DHN5c3RlbTpub2RlczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABEEZFo/1i9D+\n" \
    "uPkrCAyBf6cwul65xTuOXnt5H8PzE4Da3JU5/CcjEkj8H8cJU61KHAhu4udYT3Tr\n" \
    "uh/y438rG1WjajBoMBEGA1UdEQQKMAiCBm5vZGUtMTATBgNVHSUEDDAKBggrBgEF\n" \
    "BQcDATAdBgNVHQ4EFgQUpdF+WFngQslGdHS8T9Cs53ZEsQowHwYDVR0jBBgwFoAU\n" \
    "5R7ucday2Zs6JIjJzK8CWN7MSy4wCgYIKoZIzj0EAwIDSAAwRQIgb6Y00XWErgiX\n" \
    "/QFV35DBE4ki2Ll0r7c86gXMMUNRlY0CIQCCiOTs/xh39/HzFvCo6Erd9+h1smC2\n" \
    "PI4IlYKGQJRGIw==\n" \
    "-----END CERTIFICATE-----\n"

#define NODE_KEY \
    "-----BEGIN EC PRIVATE KEY-----\n" \
    "MHcCAQEEIJkh3foEFKvbIDE48gEVMhVGgOiWMXX7kInpANZqbfyUoAoGCCqGSM49\n" \
    "AwEHoUQDQgAEQRkWj/WL0P64+SsIDIF/pzC6XrnFO45ee3kfw/MTgNrclTn8JyMS\n" \
    "SPwfxwlTrUocCG7i51hPdOu6H/LjfysbVQ==\n" \
    "-----END EC PRIVATE KEY-----\n"

#define ADDRESS_PEM \
    "-----BEGIN CERTIFICATE-----\n" \
    "MIIBkjCCATigAwIBAgIUA5XjLHFRAU9TKeIG+6V5vZtR8gowCgYIKoZIzj0EAwIw\n" \
    "FDESMBAGA1UEAwwJYXV0aG9yaXR5MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAx\n" \
    "MDAwMDAwWjASMRAwDgYDVQQDDAdhZGRyZXNzMFkwEwYHKoZIzj0CAQYIKoZIzj0D\n" \
    "AQcDQgAEvmjZvAe6SBm5YelEiRKSy1Y3NmWuuTwQ1Xxt8CyeSonmK9Mmf4mpW54/\n" \
    "NLlTtGJobsTxHdts0SeVe7DbAkG3R6NoMGYwDwYDVR0RBAgwBocEfwAAATATBgNV\n" \
    "HSUEDDAKBggrBgEFBQcDATAdBgNVHQ4EFgQUNmfwl1b7G93RfWHRoDzP4jWDNRww\n" \
    "HwYDVR0jBBgwFoAU5R7ucday2Zs6JIjJzK8CWN7MSy4wCgYIKoZIzj0EAwIDSAAw\n" \
    "RQIhAPTgs5EAj59EEWMDSQC0pPueay10ay/kDN+LVo3bunZFAiAuXw3kgJ6lVFgs\n" \
    "4Nt6VUOYldHYej1H9s/+tSpeOJsD8Q==\n" \
    "-----END CERTIFICATE-----\n"

#define ADDRESS_KEY \
    "-----BEGIN EC PRIVATE KEY-----\n" \
    "MHcCAQEEIFNZk9AFRlpNobbnbpMgcH5oABb/xN/pFWUNw7g0qnafoAoGCCqGSM49\n" \
    "AwEHoUQDQgAEvmjZvAe6SBm5YelEiRKSy1Y3NmWuuTwQ1Xxt8CyeSonmK9Mmf4mp\n" \
    "W54/NLlTtGJobsTxHdts0SeVe7DbAkG3Rw==\n" \
    "-----END EC PRIVATE KEY-----\n"

#define STRANGER_PEM \
    "-----BEGIN CERTIFICATE-----\n" \
    "MIIBeTCCASCgAwIBAgIUExaYya/X3AoqrMKBDZCGbQxGNHgwCgYIKoZIzj0EAwIw\n" \
    "EDEOMAwGA1UEAwwFb3RoZXIwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAw\n" \
    "MDBaMBExDzANBgNVBAMMBm5vZGUtMTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA\n" \
    "BFwh2Bcz6ap0UH312ii/rkrm1E2tr7ufqCesDjADunFyJHYUxAZMZLXYztIXJJsH\n" \
    "0wwsd1bg8xcbSXg3AIcnBMqjVTBTMBEGA1UdEQQKMAiCBm5vZGUtMTAdBgNVHQ4E\n" \
    "FgQU3ng2f/nGVC95D/zjK8H+voXCplswHwYDVR0jBBgwFoAUC/yZ5t2nix7Luidy\n" \
    "lLArxR5eBEAwCgYIKoZIzj0EAwIDRwAwRAIgN6uZ9ZVrQ8VUNz4XdWLDPnQ/xS6c\n" \
    "ZjDGgAxgBN7L7hsCIAxc4Bp4v9/hiAglzRWdf88v5HcgscAWCVOvKnbi7VUx\n" \
    "-----END CERTIFICATE-----\n"

#define STRANGER_KEY \
    "-----BEGIN EC PRIVATE KEY-----\n" \
    "MHcCAQEEIB5ZOMIAewLfueH+/cW/Xn/ZngT9gQBRnQJ2Esqatf+SoAoGCCqGSM49\n" \
    "AwEHoUQDQgAEXCHYFzPpqnRQffXaKL+uSubUTa2vu5+oJ6wOMAO6cXIkdhTEBkxk\n" \
    "tdjO0hckmwfTDCx3VuDzFxtJeDcAhycEyg==\n" \
    "-----END EC PRIVATE KEY-----\n"

#define CLIENT_PEM \
    "-----BEGIN CERTIFICATE-----\n" \
    "MIIBgjCCASmgAwIBAgIUWGfRsWP1gGkK+6kcRw9ucVb8g0cwCgYIKoZIzj0EAwIw\n" \
    "FDESMBAGA1UEAwwJYXV0aG9yaXR5MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAx\n" \
    "MDAwMDAwWjAUMRIwEAYDVQQDDAljb2xsZWN0b3IwWTATBgcqhkjOPQIBBggqhkjO\n" \
    "PQMBBwNCAARPQBBxnx1xcLwQxZn0Wm5Y6v21co8gY4ncI30Jv1772ZeI0Q8Sq8dP\n" \
    "ZcYiU/p8RLufjgBTNoWzhXJv/PqysBLMo1cwVTATBgNVHSUEDDAKBggrBgEFBQcD\n" \
    "AjAdBgNVHQ4EFgQU6vD1t9vYzNg/1cA0VPSc2gqFhrkwHwYDVR0jBBgwFoAU5R7u\n" \
    "cday2Zs6JIjJzK8CWN7MSy4wCgYIKoZIzj0EAwIDRwAwRAIgdGKIjgWg1RCEm9m6\n" \
    "WUuQX2V2LvEel5KcurWn06jdKnwCIEhFhztjuKkAh+OsPACqe7SKTyvQf7P4Jvph\n" \
    "LP3s49+h\n" \
    "-----END CERTIFICATE-----\n"

#define CLIENT_KEY \
    "-----BEGIN EC PRIVATE KEY-----\n" \
    "MHcCAQEEIH9fLjGU1lWLmRv6SNIL1D+mo3m4+rkN3intYI6KYTb8oAoGCCqGSM49\n" \
    "AwEHoUQDQgAET0AQcZ8dcXC8EMWZ9FpuWOr9tXKPIGOJ3CN9Cb9e+9mXiNEPEqvH\n" \
    "T2XGIlP6fES7n44AUzaFs4Vyb/z6srASzA==\n" \
    "-----END EC PRIVATE KEY-----\n"

#define EXPIRED_PEM \
    "-----BEGIN CERTIFICATE-----\n" \
    "MIIBezCCASKgAwIBAgIUO93Xb1ADXHB+H4N/02qUSW0Jm0AwCgYIKoZIzj0EAwIw\n" \
    "FDESMBAGA1UEAwwJYXV0aG9yaXR5MB4XDTE5MDEwMTAwMDAwMFoXDTIwMDEwMTAw\n" \
    "MDAwMFowETEPMA0GA1UEAwwGbm9kZS0xMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD\n" \
    "QgAEgh6cZRDqfxxMBegI5114wdyXaFYm+SZqr/DannWKyBbDqLDjiyfN/T2IFrce\n" \
    "hCDDcblJNaXlxliag646YnqyZaNVMFMwEQYDVR0RBAowCIIGbm9kZS0xMB0GA1Ud\n" \
    "DgQWBBQIfhzxlzxrJZTUlKX8y0VNV0jWfjAfBgNVHSMEGDAWgBTlHu5x1rLZmzok\n" \
    "iMnMrwJY3sxLLjAKBggqhkjOPQQDAgNHADBEAiAxHHlxuq4p8+BVf/ycjC1sX3m4\n" \
    "QiXuPzxouWHncXFfHwIgXbxw3Ckg/mNApxKmIjHNdd58RdEL/5MrY/MSupuwDL0=\n" \
    "-----END CERTIFICATE-----\n"

#define EXPIRED_KEY \
    "-----BEGIN EC PRIVATE KEY-----\n" \
    "MHcCAQEEIL1ZKDXrHsUesMyFB33gdsVMWMTWZu7djM5X5dwYUIKuoAoGCCqGSM49\n" \
    "AwEHoUQDQgAEgh6cZRDqfxxMBegI5114wdyXaFYm+SZqr/DannWKyBbDqLDjiyfN\n" \
    "/T2IFrcehCDDcblJNaXlxliag646YnqyZQ==\n" \
    "-----END EC PRIVATE KEY-----\n"

#endif
