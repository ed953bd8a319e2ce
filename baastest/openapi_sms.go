package baastest

import "net/http"

// sendServerSMS sends a code for a server.
func (op *operation) sendServerSMS() (response, error) {
	if err := op.knowsUser(); err != nil {
		return response{}, err
	}
	if err := op.sms.send(op.body.text("phone"), op.now); err != nil {
		return response{}, err
	}
	return response{status: http.StatusOK, body: []byte(statusOK)}, nil
}

// verifyServerSMS checks a code for a server and spends it.
func (op *operation) verifyServerSMS() (response, error) {
	if err := op.knowsUser(); err != nil {
		return response{}, err
	}
	if err := op.spendSMS(); err != nil {
		return response{}, err
	}
	return response{status: http.StatusOK, body: []byte(statusOK)}, nil
}

// knowsUser refuses the id of no user in the body.
func (op *operation) knowsUser() error {
	if op.users.byID[op.body.whole("user_id")] == nil {
		return refuse(http.StatusBadRequest, "user_id names no user")
	}
	return nil
}
