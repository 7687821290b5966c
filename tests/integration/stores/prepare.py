"""Prepares the two servers: a container, a bucket, users with and without permission."""
import base64, datetime, hashlib, hmac, json, sys, urllib.request


def container(endpoint, key, name):
    """Creates a container with a signed request."""
    account = endpoint.rsplit("/", 1)[1]
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")
    headers = f"x-ms-date:{date}\nx-ms-version:2021-08-06"
    to_sign = "PUT" + "\n" * 12 + f"{headers}\n/{account}/{account}/{name}\nrestype:container"
    mac = hmac.new(base64.b64decode(key), to_sign.encode(), hashlib.sha256).digest()
    request = urllib.request.Request(f"{endpoint}/{name}?restype=container", method="PUT")
    for line in headers.split("\n"):
        request.add_header(*line.split(":", 1))
    request.add_header("Authorization", f"SharedKey {account}:{base64.b64encode(mac).decode()}")
    urllib.request.urlopen(request)


def bucket(endpoint, name):
    """Creates a bucket and two users, then enables authentication in the server."""
    import boto3
    client = lambda service: boto3.client(
        service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    client("s3").create_bucket(Bucket=name)
    iam, users = client("iam"), {}
    for user, actions in [("writer", ["s3:*"]), ("reader", ["s3:Get*", "s3:List*"])]:
        iam.create_user(UserName=user)
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
        iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=user)["AccessKey"]
        users[user] = [key["AccessKeyId"], key["SecretAccessKey"]]
    check = urllib.request.Request(endpoint + "/moto-api/reset-auth", data=b"0", method="POST")
    check.add_header("Content-Type", "text/plain")
    urllib.request.urlopen(check)
    print(json.dumps(users))


{"container": container, "bucket": bucket}[sys.argv[1]](*sys.argv[2:])
