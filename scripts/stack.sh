# Source this file: . scripts/stack.sh. Set STACK first for a stack with another name. It needs the AWS CLI, version 2.
#
#   output NAME     an output of the stack
#   ask JSON        invokes the on-demand function and prints its answer; fails if the function does
#
# It also sets BUCKET, FUNCTION, QUEUE and DEAD from the outputs. Contributors set FUNCTION to the output
# ContributorsFunctionArn.

STACK="${STACK:-insights-to-braze}"

output() {
    aws cloudformation describe-stacks --stack-name "$STACK" \
        --query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue" --output text
}

ask() (
    answer=$(mktemp) && trap 'rm -f "$answer"' EXIT
    error=$(aws lambda invoke --function-name "$FUNCTION" --cli-binary-format raw-in-base64-out \
        --cli-read-timeout 900 --payload "$1" --query FunctionError --output text "$answer") || exit
    cat "$answer" && echo
    [ "$error" = None ]
)

BUCKET=$(output BucketName) && FUNCTION=$(output OnDemandFunctionName) && QUEUE=$(output QueueUrl) &&
    DEAD=$(output DeadLetterQueueUrl)
