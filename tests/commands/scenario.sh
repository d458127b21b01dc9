# Sourced by the session that runs the documented commands: what people do in other products, and what is checked.

people() { echo "LoyaltyId,EMail"; seq "$1" "$2" | awk '{ printf "L-%06d,customer%d@example.jp\n", $1, $1 }'; }

# Uploads a file of a segment for a day of November: SEGMENT DAY FROM TO.
upload() {
    people "$3" "$4" > "$1_1.csv"
    aws s3 cp "$1_1.csv" "s3://$BUCKET/incoming/BlobExport/$1/2026/11/$2/0102/$1_1.csv"
}

# Waits until the report of a run says what is wanted: SEGMENT DAY CONDITION.
report_says() {
    key="reports/loyalty/$1/2026-11-$2T01:02Z/report.json"
    for _ in $(seq 100); do
        aws s3 cp "s3://$BUCKET/$key" - 2>/dev/null | jq -ec "select($3) | {segment, trigger, outcome, rows, members}" && return
        sleep 1
    done
    return 1
}

# A new version of the application where `git pull` finds it.
new_version() {
    grep -rl "there is no such bucket" "$UPSTREAM/src" | xargs sed -i 's/there is no such bucket/there is no bucket of this name/'
    git -C "$UPSTREAM" -c user.name=test -c user.email=test@example.jp commit -qam "A new version"
}

code() { aws lambda get-function-configuration --function-name "$FUNCTION" --query CodeSha256 --output text; }

# A person with the contributors' policy alone may ask for the status, but not send everyone again, nor use the other name.
contributors() {
    aws iam create-user --user-name marketer > /dev/null &&
        aws iam attach-user-policy --user-name marketer --policy-arn "$(output ContributorsPolicyArn)"
    key=$(aws iam create-access-key --user-name marketer --query 'AccessKey.[AccessKeyId,SecretAccessKey]' --output text)
    alias=$(output ContributorsFunctionArn)
    (
        export AWS_ACCESS_KEY_ID="${key%%	*}" AWS_SECRET_ACCESS_KEY="${key##*	}"
        FUNCTION=$alias
        ask '{"action":"status"}' > /dev/null || exit 1
        ! ask '{"action":"run","export":"loyalty","send":"all"}' || exit 1
        FUNCTION=${alias%:contributors}
        ! ask '{"action":"status"}' || exit 1
        ! aws s3 ls "s3://$BUCKET/state/" || exit 1
        echo "a contributor asks for the status, and is refused the rest"
    )
}
