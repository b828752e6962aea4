// The smallest site around docs/servers.md's Go file. It prints its address.
package main

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"

	"site/second"
)

type session struct{ user, waitsFor string }

var (
	mutex    sync.Mutex
	sessions = map[string]session{}
	gateway  = second.Gateway{
		URL: os.Getenv("TWOSTEP_URL"), Key: os.Getenv("TWOSTEP_API_KEY"), Issuer: os.Getenv("TWOSTEP_ISSUER"), Audience: "shop",
	}
)

// take ends the session of a request and returns what it was.
func take(request *http.Request) session {
	mutex.Lock()
	defer mutex.Unlock()
	cookie, err := request.Cookie("session")
	if err != nil {
		return session{}
	}
	found := sessions[cookie.Value]
	delete(sessions, cookie.Value)
	return found
}

func begin(response http.ResponseWriter, next session) {
	name := make([]byte, 32)
	if _, err := rand.Read(name); err != nil {
		panic(err)
	}
	mutex.Lock()
	defer mutex.Unlock()
	id := hex.EncodeToString(name)
	sessions[id] = next
	http.SetCookie(response, &http.Cookie{Name: "session", Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
}

func answer(response http.ResponseWriter, status int, body any) {
	response.Header().Set("Content-Type", "application/json")
	response.WriteHeader(status)
	json.NewEncoder(response).Encode(body)
}

func main() {
	http.HandleFunc("/me", func(response http.ResponseWriter, request *http.Request) {
		mutex.Lock()
		defer mutex.Unlock()
		var name any
		if cookie, err := request.Cookie("session"); err == nil {
			if found := sessions[cookie.Value]; found.user != "" && found.waitsFor == "" {
				name = found.user
			}
		}
		answer(response, http.StatusOK, map[string]any{"name": name})
	})
	http.HandleFunc("/log-in", func(response http.ResponseWriter, request *http.Request) {
		var body struct {
			Name, Password string
			TrustToken     string          `json:"trust_token"`
			Device         json.RawMessage `json:"device"`
		}
		if json.NewDecoder(http.MaxBytesReader(response, request.Body, 16384)).Decode(&body) != nil {
			answer(response, http.StatusBadRequest, nil)
			return
		}
		if body.Name != "ann" || subtle.ConstantTimeCompare([]byte(body.Password), []byte("seven wet umbrellas")) != 1 {
			answer(response, http.StatusUnauthorized, nil)
			return
		}
		ip, _, _ := net.SplitHostPort(request.RemoteAddr)
		begun, err := gateway.Begin("user-1", ip, body.TrustToken, body.Device)
		if err != nil {
			answer(response, http.StatusServiceUnavailable, nil)
			return
		}
		take(request)
		next := session{user: "ann"}
		if begun.Challenge != nil {
			var challenge struct{ ID string }
			json.Unmarshal(begun.Challenge, &challenge)
			next.waitsFor = challenge.ID
		}
		begin(response, next)
		answer(response, http.StatusOK, begun)
	})
	http.HandleFunc("/log-in/verified", func(response http.ResponseWriter, request *http.Request) {
		var body struct{ Assertion string }
		waits := take(request)
		if json.NewDecoder(http.MaxBytesReader(response, request.Body, 16384)).Decode(&body) != nil ||
			gateway.Check(body.Assertion, "user-1", waits.waitsFor) != nil {
			answer(response, http.StatusForbidden, nil)
			return
		}
		begin(response, session{user: waits.user})
		answer(response, http.StatusOK, map[string]any{})
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Printf("http://%s\n", listener.Addr())
	panic(http.Serve(listener, nil))
}
